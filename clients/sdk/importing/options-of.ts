import { canonicalText, findLookAlikes, quotedText } from "@plenary/protocol";
import type { Problems } from "./problems.ts";
import type { QuestionTally } from "./question-tally.ts";
import type { NamedValue } from "./value-names.ts";

const MOST_OPTIONS = 64;

/** The options of a question, and which of them each value means; -1 for a missing one. */
export interface FoundOptions {
  readonly options: readonly string[];
  readonly optionOf: readonly number[];
  /** How the options' order is known, for people. */
  readonly order: "given" | "numbers" | "appearance";
}

/**
 * The options of a question, from its labels or from what was answered. Null, and a problem that
 * asks for what is missing, where codes have no labels, where a scale's ends alone have them, or
 * where texts and numbers mix.
 */
export function optionsOf(tally: QuestionTally, problems: Problems): FoundOptions | null {
  const { definition, names } = tally;
  const doubtful = definition.options === null ? doubtfulValue(names.values) : null;
  if (doubtful !== null) {
    problems.add({ column: definition.column, ...doubtful });
    return null;
  }
  const found =
    definition.options !== null
      ? fromList(definition.options, tally)
      : definition.labels !== null
        ? fromLabels(definition.labels, tally)
        : fromAnswers(tally);
  const problem = "message" in found ? found : lengthProblem(found.options, definition.column);
  if (problem === null) return found as FoundOptions;
  problems.add({ column: definition.column, ...problem });
  return null;
}

/** A question with its options. */
export interface Resolved {
  readonly tally: QuestionTally;
  readonly found: FoundOptions;
}

interface Refusal {
  readonly line: number;
  readonly message: string;
  readonly remedy: "label-codes" | "name-missing";
}

/** How programs write that there is nothing. */
const NOTHING = /^(#?n\/?a|nan|null|nil|#null!|\.|-|missing|system)$/i;
/** What a spreadsheet makes of 1-2 and of 3/4. */
const DATE = /^(\d{4}-\d{2}-\d{2}|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{1,2})$/;

/** A value that may be no answer, or another one than was given. */
function doubtfulValue(values: readonly NamedValue[]): Refusal | null {
  const answers = values.filter(({ missing }) => !missing);
  const nothing = answers.find(({ text }) => NOTHING.test(text));
  if (nothing !== undefined)
    return {
      line: nothing.line,
      message: `Is ${quotedText(nothing.text)} an answer, or is it missing? A codebook that lists it makes it an answer.`,
      remedy: "name-missing",
    };
  const date = answers.find(({ text }) => DATE.test(text));
  if (date === undefined) return null;
  return {
    line: date.line,
    message: `Is ${quotedText(date.text)} an answer, or did a spreadsheet make a date of one, such as 1-2? A codebook that lists it makes it an answer.`,
    remedy: "label-codes",
  };
}

const formOf = (text: string) => canonicalText(text).toLowerCase();

/** Options are known by their texts; the file may hold texts, or codes that a codebook labels. */
function fromList(options: readonly string[], tally: QuestionTally): FoundOptions | Refusal {
  const { values } = tally.names;
  const { labels } = tally.definition;
  const places = new Map(options.map((option, place) => [formOf(option), place] as const));
  const optionOf = values.map(({ text, code, missing }) => {
    const label = labels?.get(code ?? text) ?? text;
    return missing ? -1 : (places.get(formOf(label)) ?? Number.NaN);
  });
  const unknown = values[optionOf.findIndex(Number.isNaN)];
  if (unknown !== undefined)
    return {
      line: unknown.line,
      message: `Which option is ${quotedText(unknown.text)}? The options are ${listed(options)}.`,
      remedy: "label-codes",
    };
  return { options, optionOf, order: "given" };
}

/** Options are the labels of codes; the file may hold codes or labels. */
function fromLabels(labels: ReadonlyMap<string, string>, tally: QuestionTally) {
  const { definition, names } = tally;
  const kept = [...labels].filter(([code, label]) => !names.missing(label, code));
  const options = kept.map(([, label]) => label);
  const places = new Map([
    ...kept.map(([, label], place) => [formOf(label), place] as const),
    ...kept.map(([code], place) => [formOf(code), place] as const),
  ]);
  const unlabelled = names.values.filter(
    ({ text, code, missing }) => !missing && !places.has(formOf(code ?? text)),
  );
  const [first] = unlabelled;
  if (first !== undefined && !definition.keepCodes)
    return {
      line: first.line,
      message: `What does ${listed(unlabelled.map(({ text }) => text))} mean? Only ${listed(kept.map(([code]) => code))} have labels.`,
      remedy: "label-codes",
    } as const;
  const added = unlabelled.map(({ text }) => text);
  const all = definition.keepCodes
    ? byNumber([...kept, ...added.map((text) => [text, text] as const)])
    : options;
  const place = new Map(all.map((option, at) => [formOf(option), at] as const));
  const optionOf = names.values.map(({ text, code, missing }) => {
    if (missing) return -1;
    const label = labels.get(code ?? text) ?? text;
    return place.get(formOf(label)) ?? places.get(formOf(text)) ?? -1;
  });
  return { options: all, optionOf, order: "given" } as const;
}

/** Options are what was answered. */
function fromAnswers({ definition, names }: QuestionTally): FoundOptions | Refusal {
  const answered = names.values.filter(({ missing }) => !missing);
  const codes = answered.filter(({ code }) => code !== null);
  const [first] = codes;
  if (first !== undefined && !definition.keepCodes) {
    const texts = answered.filter(({ code }) => code === null);
    return {
      line: first.line,
      message:
        texts.length > 0
          ? `What does ${listed(codes.map(({ text }) => text))} mean? Other answers are texts: ${listed(texts.map(({ text }) => text))}.`
          : `What do the numbers ${listed(codes.map(({ text }) => text))} mean? The file has no labels for them.`,
      remedy: "label-codes",
    };
  }
  const texts = answered.map(({ text }) => text);
  const numbered = texts.every((text) => /^[+-]?\d/.test(text));
  const options = numbered ? byNumber(texts.map((text) => [text, text])) : texts;
  const place = new Map(options.map((option, at) => [formOf(option), at]));
  return {
    options,
    optionOf: names.values.map(({ text, missing }) =>
      missing ? -1 : (place.get(formOf(text)) ?? -1),
    ),
    order: numbered ? "numbers" : "appearance",
  };
}

function byNumber(entries: readonly (readonly [string, string])[]): string[] {
  return entries
    .toSorted(([a], [b]) => Number.parseFloat(a) - Number.parseFloat(b) || 0)
    .map(([, text]) => text);
}

function lengthProblem(options: readonly string[], column: string): Refusal | null {
  const what = `The question ${quotedText(column)}`;
  const long = options.find((option) => option.length > 1024);
  const same = findLookAlikes(options, formOf);
  const refused = (message: string): Refusal => ({ line: 1, message, remedy: "label-codes" });
  if (options.length < 2)
    return refused(
      `Which options does ${quotedText(column)} have? ${options.length === 0 ? "There is no answer to it." : `Only ${listed(options)} was answered.`}`,
    );
  if (options.length > MOST_OPTIONS)
    return refused(
      `Is ${quotedText(column)} a question? It has ${options.length} different answers, and a question has at most ${MOST_OPTIONS} options.`,
    );
  if (long !== undefined) return refused(`${what} has an option of more than 1,024 characters.`);
  return same === null
    ? null
    : refused(`${what} has the option ${quotedText(options[same.second] ?? "")} twice.`);
}

function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, 8).map(quotedText).join(", ");
  return texts.length > 8 ? `${shown}, ...` : shown;
}
