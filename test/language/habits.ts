/**
 * The habits of language that the repository's text may not fall back into: a short list of phrases
 * that read like a translation, and comments or documents that are wider than 100 columns.
 *
 * `node boot.js language [PATH...]` prints every finding below the given paths (the whole tree by
 * default).
 */
export const WIDTH = 100;

export interface Habit {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
}

/**
 * In patterns a single space stands for any run of them: a phrase may continue on the next line.
 */
const habit = (name: string, source: string, instead: string): Habit => ({
  name,
  pattern: new RegExp(source.replaceAll(" ", " +"), "g"),
  instead,
});

export const HABITS: readonly Habit[] = [
  habit("anew", "\\b[Aa]new\\b", "again"),
  habit(
    "is no X",
    "(?<!\\b[Tt]here )\\b(?:is|are|was|were) no (?!(?:longer|more|less|fewer|better|worse)\\b)[a-z]+",
    "is not a X",
  ),
  habit(
    "is none",
    "(?<!\\b[Tt]here )\\b(?:is|are) none\\b(?! of\\b)",
    "does not exist, is not one",
  ),
  habit("go on", "\\b(?:go|goes|went) on\\b(?! chain\\b)", "continue"),
  habit("for who", "\\bfor who(?:ever)?\\b", "for those who, for a member that"),
  habit("whoever", "\\bwhoever\\b", "anyone who, a member that"),
  habit(
    "Who (subject)",
    "\\bWho(?:ever|se|m)? (?=[a-z])(?!extends )(?![^.?]*\\?)",
    "a member that, the payer of",
  ),
  habit("who (title)", "(?<=[\"'`(])who(?:ever|se)? (?=[a-z])(?![^.?]*\\?)", "a member that"),
  habit("on a way that", "\\b(?:on|in) a way that\\b", "over a channel that"),
  habit("but for", "\\bbut for\\b(?<!\\bnot [^.]*)", "except"),
  habit("stands in", "\\bstands? (?:in|on|at|there)\\b(?! for\\b)", "is in, is recorded in"),
  habit("to its end", "\\bto its end\\b", "to completion"),
  habit("that is not there", "\\bthat (?:is|are|was) not there\\b", "missing"),
  habit("shall", "\\bshall\\b", "must, is to"),
  habit("what is kept of", "\\bwhat is kept of\\b|\\b[Tt]hat which\\b", "the kept part of"),
];

export interface Finding {
  readonly line: number;
  readonly habit: string;
  readonly text: string;
  readonly instead: string;
}

/** What continues a comment or a paragraph on the next line. */
const CONTINUATION = /\r?\n[ \t]*(?:\/\/[/!]?|\*(?!\/)|--|#+|>)?[ \t]*/g;

/**
 * Line breaks and comment marks become spaces, so that a phrase is found across them at its own
 * offset.
 */
function flattened(path: string, text: string): string {
  const prose = path.endsWith(".md") ? withoutCode(text) : text;
  return prose.replace(CONTINUATION, (whole) => " ".repeat(whole.length));
}

/** Blanks what Markdown quotes: a document may name a phrase in backticks. */
function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replace(/[^\n]/g, " "));
}

export function findingsIn(path: string, text: string): readonly Finding[] {
  return [...phrasesIn(path, text), ...wideLinesIn(path, text)].sort((a, b) => a.line - b.line);
}

function phrasesIn(path: string, text: string): readonly Finding[] {
  const prose = flattened(path, text);
  return HABITS.flatMap(({ name, pattern, instead }) =>
    [...prose.matchAll(pattern)].map((match) => ({
      line: text.slice(0, match.index).split("\n").length,
      habit: name,
      text: prose
        .slice(Math.max(0, match.index - 30), match.index + 40)
        .replace(/ +/g, " ")
        .trim(),
      instead,
    })),
  );
}

function wideLinesIn(path: string, text: string): readonly Finding[] {
  const isProse = path.endsWith(".md") ? proseLines(text) : commentLines(path);
  return text.split("\n").flatMap((line, index) =>
    [...line].length > WIDTH && isProse(line, index)
      ? [
          {
            line: index + 1,
            habit: "wide line",
            text: `${line.trim().slice(0, 60)}...`,
            instead: `at most ${WIDTH} columns`,
          },
        ]
      : [],
  );
}

const LINK_OR_HASH = /https?:\/\/\S+|\]\([^)]+\)|[0-9a-zA-Z+/]{43,}/;

/** The formatter holds code to its width, not comments. A link or a hash cannot be broken. */
function commentLines(path: string): (line: string) => boolean {
  const mark = /\.(?:ts|tsx|js|rs|sql)$/.test(path) ? /^\s*(?:\/\*|\*|\/\/|--)/ : /^\s*#/;
  return (line) => mark.test(line) && !LINK_OR_HASH.test(line);
}

/** Tables, quoted code, and lines with a link or a hash may be wider. */
function proseLines(text: string): (line: string, index: number) => boolean {
  let quoted = false;
  const prose = text.split("\n").map((line) => {
    const fence = /^\s*```/.test(line);
    if (fence) quoted = !quoted;
    return !quoted && !fence && !/^\s*\|/.test(line) && !LINK_OR_HASH.test(line);
  });
  return (_line, index) => prose[index] ?? false;
}
