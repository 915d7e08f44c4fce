/*
 * Names, reasons and answers come from strangers. Printed raw, an escape sequence in one of them
 * could move the cursor and draw "round 3 is right" over what this command has found.
 */

/**
 * What draws no glyph or moves others: control characters, line separators, lone surrogates, and
 * format characters such as those that turn the direction of text. Zero-width joiners are left:
 * several scripts are written with them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;

/** Text for one line of a terminal: everything unprintable in it, line breaks too, is escaped. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/**
 * JSON for one line of a terminal, which parses to the same value. In it bigint is a decimal string
 * and bytes are hexadecimal.
 */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return part.toString();
    return part instanceof Uint8Array ? Buffer.from(part).toString("hex") : part;
  });
  return printable(json);
}

/** As in JSON: `\u001b`, with two of them beyond U+FFFF. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    const unit = character.charCodeAt(i).toString(16).padStart(4, "0");
    return `\\u${unit}`;
  }).join("");
}
