import { PlenaryError, toHex } from "@plenary/protocol";
import {
  exportModel,
  type ModelFormat,
  predictAnswers,
  readModel,
  writeDurably,
} from "@plenary/sdk";
import { configuredAnswers, openConfigured, type Session } from "../session.ts";

/** `plenary export FILE` */
export async function exportCommand(
  session: Session,
  file: string,
  { format, round }: { readonly format?: ModelFormat; readonly round?: bigint },
): Promise<void> {
  const chosen = format ?? formatOf(file);
  const federation = await openConfigured(session);
  const { model, root } = await readModel(federation, round, session.signal);
  const bytes = exportModel(federation, model, chosen);
  await writeDurably(file, bytes, 0o644);
  session.output.say(
    "exported",
    `${file}: ${chosen}, ${bytes.length} bytes, model ${toHex(root)}`,
    {
      file,
      format: chosen,
      bytes: bytes.length,
      root,
    },
  );
}

function formatOf(file: string): ModelFormat {
  if (file.endsWith(".onnx")) return "onnx";
  if (file.endsWith(".safetensors")) return "safetensors";
  throw new PlenaryError(
    "invalid-input",
    `${file} ends neither in .onnx nor in .safetensors: say --format.`,
    { field: "format" },
  );
}

export interface PredictFlags {
  readonly questions?: string;
  readonly round?: bigint;
  readonly ask?: string;
  readonly options?: string;
  readonly embedder?: string;
}

/** `plenary predict` */
export async function predictCommand(session: Session, flags: PredictFlags): Promise<void> {
  const federation = await openConfigured(session);
  const answers = await configuredAnswers(session, federation.questionnaire);
  const { model } = await readModel(federation, flags.round, session.signal);
  const groups = await predictAnswers(federation, {
    model,
    answers,
    questions: flags.questions?.split(",").map((id) => id.trim()),
    newQuestions: newQuestionsOf(flags),
    embedder: flags.embedder,
  });
  const lines = groups.flatMap(({ group, predictions }) => [
    group,
    ...predictions.flatMap(({ question, text, options }) => [
      `  ${question}: ${text}`,
      ...options.map(
        ({ option, share }) => `    ${(100 * share).toFixed(1).padStart(5)} %  ${option}`,
      ),
    ]),
  ]);
  session.output.say("predicted", lines, { groups });
}

function newQuestionsOf({ ask, options }: PredictFlags): { text: string; options: string[] }[] {
  if (ask === undefined) return [];
  const choices = options?.split("|").map((option) => option.trim()) ?? [];
  if (choices.length < 2)
    throw new PlenaryError(
      "invalid-input",
      "--ask needs --options with two options or more, separated by |.",
      {
        field: "options",
      },
    );
  return [{ text: ask, options: choices }];
}
