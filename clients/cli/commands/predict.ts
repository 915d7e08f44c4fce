import { PlenaryError } from "@plenary/protocol";
import { type Predictions, predictAnswers, readHeldOut, readModel } from "@plenary/sdk";
import { type PredictionRow, predictionCsv } from "@plenary/training";
import { intervalLines } from "../output/index.ts";
import { configuredAnswers, openConfigured, type Session } from "../session.ts";
import { type ModelFlags, roundText, whichModel } from "./model.ts";

/** How predictions are printed. */
export const PREDICTION_FORMATS = ["text", "json", "csv"] as const;

export interface PredictFlags extends ModelFlags {
  readonly questions?: string;
  readonly ask?: string;
  readonly options?: string;
  readonly embedder?: string;
  readonly level?: number;
  readonly format: (typeof PREDICTION_FORMATS)[number];
}

/** `plenary predict` */
export async function predictCommand(session: Session, flags: PredictFlags): Promise<void> {
  const which = whichModel(flags);
  const newQuestions = newQuestionsOf(flags);
  const federation = await openConfigured(session);
  const answers = await configuredAnswers(session, federation.questionnaire);
  const { model, round, why } = await readModel(federation, which, session.signal);
  const predictions = await predictAnswers(federation, {
    model,
    answers,
    questions: flags.questions?.split(",").map((id) => id.trim()),
    newQuestions,
    embedder: flags.embedder,
    heldOut: await readHeldOut(federation, session.signal),
    level: flags.level,
  });
  const fields = { round, why, ...predictions };
  const header = `predicted by the model ${roundText(round, why)}`;
  session.output.say("predicted", linesIn(flags.format, header, fields), fields);
}

function linesIn(
  format: PredictFlags["format"],
  header: string,
  fields: Predictions & { readonly round: bigint; readonly why: string },
): string[] {
  if (format === "csv") return predictionCsv(rowsOf(fields)).trimEnd().split("\r\n");
  if (format === "json")
    return [JSON.stringify({ ...fields, round: fields.round.toString() }, undefined, 2)].flatMap(
      (text) => text.split("\n"),
    );
  return [header, ...fields.groups.flatMap(groupLines), ...intervalLines(fields.intervals)];
}

function groupLines({ group, predictions }: Predictions["groups"][number]): string[] {
  return [
    group,
    ...predictions.flatMap(({ question, text, kind, options }) => [
      `  ${question}: ${text}${kind === "untrained" ? " (nobody trained it)" : ""}`,
      ...options.map(({ option, share, low, high }) => {
        const interval =
          low === null || high === null ? "" : ` (${percent(low)} to ${percent(high)})`;
        return `    ${percent(share).padStart(5)} %${interval.padEnd(16)}  ${option}`;
      }),
    ]),
  ];
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function* rowsOf({ groups }: Predictions): Generator<PredictionRow> {
  for (const { group, predictions } of groups)
    for (const { question, kind, options } of predictions)
      for (const option of options) yield { group, question, kind, ...option };
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
