import { Buffer } from "buffer";
import { CUSTOM_RULE } from "./generated/constants.ts";
import { CODER } from "./program.ts";

/**
 * Where accounts of layout version 1 hold strategy (u8) and momentum (u16) in place of the rules.
 */
const RULES_AT = new Map([
  ["Federation", 276],
  ["Round", 147],
]);
const REPLACED = 3;
const RULES_LENGTH = 37;
const VERSION_AT = 8;

/** Whether the program refuses these bytes of one of its accounts until they are migrated. */
export function isOldLayout(data: Uint8Array): boolean {
  if (data[VERSION_AT] !== 1) return false;
  const head = Buffer.from(data.subarray(0, VERSION_AT));
  return [...RULES_AT.keys()].some((kind) =>
    CODER.accounts.accountDiscriminator(kind).equals(head),
  );
}

/**
 * The bytes of an account in the present layout. Accounts of version 1 are rewritten as the
 * program's `account_migrate` would rewrite them on chain; all others are returned as they are.
 */
export function presentLayout(kind: string, data: Uint8Array): Uint8Array {
  const at = RULES_AT.get(kind);
  if (at === undefined || data[VERSION_AT] !== 1 || data.length < at + REPLACED) return data;
  const [strategy = 0, low = 0, high = 0] = data.subarray(at, at + REPLACED);
  const known = strategy <= 1;
  const present = new Uint8Array(data.length + RULES_LENGTH - REPLACED);
  present.set(data.subarray(0, at));
  present.set(
    [0, known ? strategy : CUSTOM_RULE, 0, known ? strategy : 1, Number(known), low, high],
    at,
  );
  present.set(data.subarray(at + REPLACED), at + RULES_LENGTH);
  present[VERSION_AT] = 2;
  return present;
}
