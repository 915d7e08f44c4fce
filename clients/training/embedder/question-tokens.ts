import { canonicalText, PlenaryError, quotedText } from "@plenary/protocol";
import type { EmbeddingModel } from "./model-folder.ts";

/** A question in words, as texts are embedded: "<question> <option>" for each option. */
export interface QuestionText {
  /** What messages call the question; without it they quote its text. */
  readonly id?: string;
  readonly text: string;
  readonly options: readonly string[];
}

type Tokens = Pick<EmbeddingModel, "tokenizer" | "unknownToken">;

/**
 * The token ids of "<question> <option>" for each option, with the special tokens. Of a text that
 * is too long, the question loses its end: the option, which tells the texts apart, stays whole.
 * Throws `invalid-input` naming the question where embeddings would say nothing: it is empty or
 * unknown to the tokenizer, an option is, two options have the same tokens, or an option fills more
 * than half of the `most` tokens.
 */
export function questionTokens(model: Tokens, question: QuestionText, most: number): number[][] {
  const asked = knownTokens(model, question.text);
  if (typeof asked === "string") throw refused(question, "text", `its text ${asked}`);
  if (question.options.length < 2)
    throw refused(question, "options", "it needs two options or more");
  const room = Math.floor(most / 2);
  const options = question.options.map((option, position) => {
    const tokens = knownTokens(model, option);
    const problem =
      typeof tokens !== "string" && tokens.length > room
        ? `has ${tokens.length} tokens, and the text embedder takes ${room} of an option: shorten it`
        : tokens;
    if (typeof problem !== "string") return problem;
    throw refused(question, `options.${position}`, `the option ${quotedText(option)} ${problem}`);
  });
  requireDifferent(question, options);
  return question.options.map((option, position) => {
    const ids = encode(model, `${question.text} ${option}`);
    if (ids.length <= most) return ids;
    const kept = options[position]!;
    return [ids[0]!, ...asked.slice(0, most - 2 - kept.length), ...kept, ids.at(-1)!];
  });
}

function requireDifferent(question: QuestionText, options: readonly (readonly number[])[]): void {
  const seen = new Map<string, number>();
  for (const [position, tokens] of options.entries()) {
    const key = tokens.join(" ");
    const first = seen.get(key);
    seen.set(key, position);
    if (first === undefined) continue;
    const [one, other] = [question.options[first]!, question.options[position]!];
    const pair =
      one === other
        ? `the option ${quotedText(one)} occurs twice`
        : `the options ${quotedText(one)} and ${quotedText(other)} are the same to the text embedder: word one differently`;
    throw refused(question, `options.${position}`, pair);
  }
}

/** The tokens of a text without the special ones, or why it has none that mean anything. */
function knownTokens(model: Tokens, text: string): number[] | string {
  if (canonicalText(text) === "") return "is empty";
  const ids = encode(model, text).slice(1, -1);
  return ids.every((id) => id === model.unknownToken)
    ? "holds no character that the text embedder knows: put it in words"
    : ids;
}

function encode({ tokenizer }: Tokens, text: string): number[] {
  return tokenizer.encode(text).ids;
}

function refused({ id, text }: QuestionText, field: string, problem: string): PlenaryError {
  const name = id === undefined ? `The question ${quotedText(text)}` : `Question ${quotedText(id)}`;
  return new PlenaryError("invalid-input", `${name}: ${problem}.`, { field });
}
