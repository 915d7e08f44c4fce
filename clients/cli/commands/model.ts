import { PlenaryError, toHex } from "@plenary/protocol";
import {
  exportModel,
  type ModelFormat,
  predictAnswers,
  readModel,
  type WhichModel,
  writeDurably,
} from "@plenary/sdk";
import { configuredAnswers, openConfigured, type Session } from "../session.ts";

/** Options that say which model a command takes. */
export interface ModelFlags {
  readonly round?: bigint;
  readonly last?: boolean;
}

export interface ExportFlags extends ModelFlags {
  readonly format?: ModelFormat;
}

/** `plenary export FILE` */
export async function exportCommand(
  session: Session,
  file: string,
  flags: ExportFlags,
): Promise<void> {
  const format = flags.format ?? formatOf(file);
  const which = whichModel(flags);
  const federation = await openConfigured(session);
  const { model, root, round, why } = await readModel(federation, which, session.signal);
  const bytes = exportModel(federation, model, format);
  await writeDurably(file, bytes, 0o644);
  session.output.say(
    "exported",
    `${file}: ${format}, ${bytes.length} bytes, model ${toHex(root)} ${roundText(round, why)}`,
    { file, format, bytes: bytes.length, root, round, why },
  );
}

/** Which model the options name; the chosen round's by default. */
function whichModel({ round, last }: ModelFlags): WhichModel {
  if (round !== undefined && last === true)
    throw new PlenaryError("invalid-input", "Give --round or --last, not both.", {
      field: "round",
    });
  return round ?? (last === true ? "last" : "chosen");
}

function roundText(round: bigint, why: string): string {
  return `after round ${round} (${why})`;
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

export interface PredictFlags extends ModelFlags {
  readonly questions?: string;
  readonly ask?: string;
  readonly options?: string;
  readonly embedder?: string;
}

/** `plenary predict` */
export async function predictCommand(session: Session, flags: PredictFlags): Promise<void> {
  const which = whichModel(flags);
  const federation = await openConfigured(session);
  const answers = await configuredAnswers(session, federation.questionnaire);
  const { model, round, why } = await readModel(federation, which, session.signal);
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
  const header = `predicted by the model ${roundText(round, why)}`;
  session.output.say("predicted", [header, ...lines], { round, why, groups });
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
