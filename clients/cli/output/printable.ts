import { escapeUnits } from "@plenary/protocol";

/*
 * Names, reasons and answers come from strangers. An escape sequence in one of them, printed raw,
 * could move the cursor and draw "round 3 is right" over what this command has found.
 */

/**
 * Characters that draw no glyph or rearrange others: control characters, line separators, lone
 * surrogates, and format characters such as those that change the direction of text. Zero-width
 * joiners are allowed, because several scripts are written with them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;

/**
 * Text for one line of a terminal. Everything unprintable in it is escaped, line breaks included.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeUnits);
}

/**
 * JSON for one line of a terminal, which parses to the same value. Bigint becomes a decimal string,
 * bytes become hexadecimal.
 */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return part.toString();
    return part instanceof Uint8Array ? Buffer.from(part).toString("hex") : part;
  });
  return printable(json);
}
