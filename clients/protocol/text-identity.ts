/*
 * When two names are the same. Spreadsheets, keyboards and operating systems write one name in many
 * ways: composed or decomposed letters, no-break or double spaces, characters of no width, curly
 * quotation marks. Questions, options and groups are compared in the one form that this file
 * defines; what is stored and shown keeps its letters.
 */

/** Most names: plain letters, which have all their forms in common, in words one space apart. */
const PLAIN = /^(?:[!-_a-~]+(?: (?=[!-_a-~])|$))+$/;

/** Control characters, line and paragraph separators, and halves of characters. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Characters that draw nothing: format characters and variation selectors. */
const INVISIBLE = /\p{Cf}|[\uFE00-\uFE0F]/gu;

/** As above, without the joiners that several scripts are written with. */
const INVISIBLE_IN_NAMES = /(?![\u200c\u200d])\p{Cf}/gu;

/** Characters that an editor puts for what the keyboard has. */
const TYPOGRAPHIC: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\u0060]/g, "'"],
  [/[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]/g, '"'],
  [/[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g, "-"],
  [/\u2026/g, "..."],
];

/**
 * A name as it is stored and shown: Unicode normal form C, each run of white space as one space,
 * none at the ends, and without invisible format characters. Letters, quotes and dashes stay.
 */
export function tidyText(text: string): string {
  if (PLAIN.test(text)) return text;
  const visible = text.replace(INVISIBLE_IN_NAMES, "");
  return visible.replace(/\s+/gu, " ").trim().normalize("NFC");
}

/**
 * The form in which names are compared: texts of the same form are one name. Case counts; compare
 * `canonicalText(text).toLowerCase()` where it is not to.
 */
export function canonicalText(text: string): string {
  if (PLAIN.test(text)) return text;
  let plain = text.replace(INVISIBLE, "").normalize("NFC");
  for (const [pattern, instead] of TYPOGRAPHIC) plain = plain.replace(pattern, instead);
  return plain.replace(/\s+/gu, " ").trim().normalize("NFC");
}

/**
 * Whether a text holds control characters, line separators or halves of characters, which a name
 * may not: on a terminal they could move the cursor, and in a file they end a line.
 */
export function hasControlCharacter(text: string): boolean {
  return CONTROL.test(text);
}

/** Two places of a list that hold the same name; `first` is the earlier one. */
export interface LookAlikes {
  readonly first: number;
  readonly second: number;
}

/**
 * The first entry that repeats an earlier one, or null. By default names are the same if their
 * canonical form is.
 */
export function findLookAlikes(
  texts: readonly string[],
  formOf: (text: string) => string = canonicalText,
): LookAlikes | null {
  const seen = new Map<string, number>();
  for (const [second, text] of texts.entries()) {
    const form = formOf(text);
    const first = seen.get(form);
    if (first !== undefined) return { first, second };
    seen.set(form, second);
  }
  return null;
}

/**
 * A text between quotation marks for a message, at most 80 characters, with everything that draws
 * nothing or rearranges its neighbours escaped as in JSON.
 */
export function quotedText(text: string): string {
  const json = escapeControls(JSON.stringify(text));
  return json.length > 80 ? `${json.slice(0, 77).replace(/[\ud800-\udbff]$/, "")}...` : json;
}

/** A text with everything that draws nothing or rearranges its neighbours escaped. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Cf}]/gu, escapeUnits);
}

/** Each UTF-16 unit of a text as JSON escapes it, for example `\u001b`. */
export function escapeUnits(text: string): string {
  return Array.from({ length: text.length }, (_, unit) => {
    const code = text.charCodeAt(unit).toString(16).padStart(4, "0");
    return `\\u${code}`;
  }).join("");
}
