import { hashJson, toFloat32, toHex } from "@plenary/protocol";
import { requireModelLength } from "./model-length.ts";
import type { Predictor } from "./predictors/predictor.ts";
import { encodeSafetensors, type NamedTensor } from "./safetensors.ts";

/** A model in fixed point, and the predictor whose parameters it holds. */
export interface ExportInput {
  readonly predictor: Predictor;
  /** Fixed point. */
  readonly model: Int32Array;
}

function metadataOf({ configuration, questionnaire }: Predictor): Record<string, string> {
  return {
    "plenary.predictor": JSON.stringify(configuration),
    "plenary.questionnaire": toHex(hashJson(questionnaire)),
    "plenary.questions": JSON.stringify(
      questionnaire.questions.map(({ id, options }) => [id, options.length]),
    ),
  };
}

/**
 * The trained model as an ONNX file for any runtime, with the parameters inside. It predicts for
 * one group at a time. Its metadata names the predictor, the questionnaire's hash, and the
 * questions with their numbers of options, in the order of the option inputs and outputs. Throws
 * `model-mismatch`.
 */
export function exportOnnx({ predictor, model }: ExportInput): Uint8Array {
  requireModelLength(predictor, model);
  const questions = predictor.questionnaire.questions.length;
  const program = predictor.prediction({ tasks: 1, questions }, model);
  return program.model.withConstants({ theta: toFloat32(model) }, metadataOf(predictor));
}

/** The trained parameters as a safetensors file, one tensor per block. Throws `model-mismatch`. */
export function exportSafetensors({ predictor, model }: ExportInput): Uint8Array {
  requireModelLength(predictor, model);
  const values = toFloat32(model);
  const tensors: Record<string, NamedTensor> = {};
  for (const { name, shape, from, to } of predictor.blocks) {
    tensors[name] = { shape, values: values.slice(from, to) };
  }
  return encodeSafetensors(tensors, metadataOf(predictor));
}
