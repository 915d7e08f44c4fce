import { vectorRootFast } from "@plenary/algorithms";
import { readRound, roundAddress } from "@plenary/chain";
import {
  equalBytes,
  type FederationView,
  fromHex,
  PlenaryError,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import { exportOnnx, exportSafetensors } from "@plenary/training";
import type { FederationContext } from "../access/index.ts";
import { readFederationView, readRoundView } from "../access/index.ts";
import { requireFederation } from "../chain-state/index.ts";

/** File formats of an exported model. */
export const MODEL_FORMATS = ["onnx", "safetensors"] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];

type Context = Pick<FederationContext, "client" | "connection" | "program" | "address">;

/** Which model to read: after a round, after the last round, or after the chosen one. */
export type WhichModel = bigint | "chosen" | "last";

/** A model that was checked against the chain. */
export interface ReadModel {
  /** Fixed point. */
  readonly model: Int32Array;
  readonly root: Uint8Array;
  /** The round after which this is the model; 0 for the first model. */
  readonly round: bigint;
  /** Why it is this round, as half a sentence: "the best on held-out groups". */
  readonly why: string;
}

/**
 * Reads a model in fixed point, checked against its root on chain. By default it is that of the
 * chosen round: the best on one half of the held-out groups, or the last one where no round was
 * evaluated. Throws `not-found` if the round has no result, and `verification-failed` if the
 * service sends another model.
 */
export async function readModel(
  context: Context,
  which: WhichModel = "chosen",
  signal?: AbortSignal,
): Promise<ReadModel> {
  const { blob, root, round, why } = await findModel(context, which, signal);
  const model = vectorFromBytes(await context.client.download(fromHex(blob, 32), { signal }));
  const actual = vectorRootFast(model);
  if (equalBytes(actual, root)) return { model, root, round, why };
  throw new PlenaryError(
    "verification-failed",
    "The service's model does not have the root that is on chain. Do not use it.",
    { expected: toHex(root), actual: toHex(actual) },
  );
}

interface FoundModel extends Omit<ReadModel, "model"> {
  readonly blob: string;
}

async function findModel(
  context: Context,
  which: WhichModel,
  signal: AbortSignal | undefined,
): Promise<FoundModel> {
  if (typeof which === "bigint")
    return { ...(await modelAfter(context, which, signal)), why: "as asked" };
  const view = await readFederationView(context, signal);
  if (which === "last") return { ...(await lastModel(context, view)), why: "the last, as asked" };
  if (view.chosenRound === null)
    return {
      ...(await lastModel(context, view)),
      why: "the last: the service has evaluated no round",
    };
  const chosen = await modelAfter(context, BigInt(view.chosenRound), signal);
  return { ...chosen, why: "the best on held-out groups" };
}

/**
 * Encodes a model as a file: `onnx` runs in any ONNX runtime and predicts for one group,
 * `safetensors` holds the parameters.
 */
export function exportModel(
  { predictor }: Pick<FederationContext, "predictor">,
  model: Int32Array,
  format: ModelFormat,
): Uint8Array {
  return format === "onnx"
    ? exportOnnx({ predictor, model })
    : exportSafetensors({ predictor, model });
}

async function lastModel({ connection, address }: Context, view: FederationView) {
  const { lastModelRoot, lastCommittedRound } = await requireFederation({ connection, address });
  return { blob: view.modelBlob, root: lastModelRoot, round: lastCommittedRound };
}

async function modelAfter(context: Context, number: bigint, signal: AbortSignal | undefined) {
  const round = await readRound(
    context.connection,
    roundAddress(context.program, context.address, number),
  );
  const view = await readRoundView(context, number.toString(), signal);
  const hasResult = round?.status === "committed" || round?.status === "final";
  if (round === null || !hasResult || view === null || view.nextBlob === null)
    throw new PlenaryError(
      "not-found",
      `Round ${number} has no model: it is ${round?.status ?? "not on chain"}.`,
      {
        round: number.toString(),
      },
    );
  return { blob: view.nextBlob, root: round.nextRoot, round: number };
}
