import Type, { type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { type ErrorCode, PlenaryError } from "./errors.ts";
import { formProblem, sizeProblem } from "./schema-problem.ts";

/** A hash: 64 lowercase hexadecimal digits. */
export const HexHash = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** An address or key: 32 bytes in base58. */
export const Base58Address = Type.String({ pattern: "^[1-9A-HJ-NP-Za-km-z]{32,44}$" });
/** A transaction signature: 64 bytes in base58. */
export const Base58Signature = Type.String({ pattern: "^[1-9A-HJ-NP-Za-km-z]{64,88}$" });
/**
 * 0 to 18446744073709551615 (2^64 - 1) without leading zeros: each line after the first keeps one
 * digit more of the largest number.
 */
export const U64_PATTERN = [
  "0|[1-9][0-9]{0,18}|1[0-7][0-9]{18}|18[0-3][0-9]{17}",
  "184[0-3][0-9]{16}|1844[0-5][0-9]{15}|18446[0-6][0-9]{14}",
  "184467[0-3][0-9]{13}|1844674[0-3][0-9]{12}|184467440[0-6][0-9]{10}",
  "1844674407[0-2][0-9]{9}|18446744073[0-6][0-9]{8}|1844674407370[0-8][0-9]{6}",
  "18446744073709[0-4][0-9]{5}|184467440737095[0-4][0-9]{4}|18446744073709550[0-9]{3}",
  "18446744073709551[0-5][0-9]{2}|1844674407370955160[0-9]|1844674407370955161[0-5]",
].join("|");

/** An unsigned 64-bit integer in decimal: integers that may pass 2^53 are strings in JSON. */
export const U64String = Type.String({ pattern: `^(${U64_PATTERN})$` });
/** A signed integer of any size in decimal, for the same reason. */
export const IntegerString = Type.String({ pattern: "^(0|-?[1-9][0-9]{0,38})$" });
/** Schema of standard base64 with padding. */
export const Base64 = Type.String({
  pattern: "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
});
/** Milliseconds since 1970. */
export const UnixMilliseconds = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/**
 * A function that returns its argument if it has the form of `schema`, and otherwise throws `code`
 * with a message that names the first field that is wrong. `what` names the thing in that message.
 * Sizes are checked before contents, and the first problem ends the check: the time that it takes
 * is at most linear in the value, and short for one that is too large.
 */
export function parserOf<S extends TSchema>(
  schema: S,
  what: string,
  code: ErrorCode = "invalid-input",
): (value: unknown) => Static<S> {
  let compiled: ReturnType<typeof Compile> | undefined;
  return (value) => {
    compiled ??= Compile(schema);
    const tooLarge = sizeProblem(schema, value);
    if (tooLarge === undefined && compiled.Check(value)) return value as Static<S>;
    const { path, problem } = tooLarge ?? formProblem(schema, value);
    const field = shownField(path);
    throw new PlenaryError(code, `${what}: ${field === "" ? "it" : field} ${problem}.`, { field });
  };
}

/**
 * A path as an error message shows it. A stranger chose its keys, so that it may be of any length.
 */
function shownField(path: readonly string[]): string {
  const field = path.join(".");
  return field.length <= LONGEST_FIELD ? field : `${field.slice(0, LONGEST_FIELD)}...`;
}
const LONGEST_FIELD = 200;
