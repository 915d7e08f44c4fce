import { PlenaryError } from "./errors.ts";

/**
 * Control characters, line separators, lone surrogates, and format characters such as those that
 * turn the direction of text. Zero-width joiners are allowed: several scripts are written with
 * them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/u;

/**
 * Texts in a federation's configuration reach the terminals and logs of strangers, where an escape
 * sequence could draw anything. Throws `invalid-input` naming the first field whose name or text
 * holds such characters.
 */
export function requirePrintable(value: unknown, field: string): void {
  if (typeof value === "string" && UNPRINTABLE.test(value)) throw unprintable(field);
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    if (UNPRINTABLE.test(name)) throw unprintable(field);
    requirePrintable(part, `${field}.${name}`);
  }
}

function unprintable(field: string): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    `The field ${field} holds characters that cannot be printed: remove them.`,
    { field },
  );
}
