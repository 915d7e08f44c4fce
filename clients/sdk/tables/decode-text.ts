import { UnreadableTable } from "./file-problem.ts";

/** Encodings of text files. A byte order mark says which one it is, and else UTF-8 is expected. */
export const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;
export type Encoding = (typeof ENCODINGS)[number];

const MARKS: readonly (readonly [Encoding, readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

const HEAD_BYTES = 512;

/** What DOS programs write behind the last line. */
const END_MARK = "\u001a";

/**
 * Decodes a text file piece by piece. Throws `UnreadableTable` naming the first line that is not of
 * the encoding.
 */
export class TextDecoding {
  readonly #given: Encoding | undefined;
  #decoder: TextDecoder | null = null;
  #lines = 1;
  #tail: Uint8Array = new Uint8Array();
  #held = "";

  constructor(encoding?: Encoding) {
    this.#given = encoding;
  }

  /** The text of the next bytes; `last` says that none follow. */
  decode(bytes: Uint8Array, last: boolean): string {
    this.#decoder ??= new TextDecoder(this.#encodingOf(bytes), { fatal: true });
    let text: string;
    try {
      text = this.#held + this.#decoder.decode(bytes, { stream: !last });
    } catch {
      throw this.#undecodable(bytes);
    }
    this.#tail = bytes.slice(-3);
    this.#held = text.endsWith(END_MARK) ? END_MARK : "";
    if (this.#held !== "") text = text.slice(0, -1);
    this.#lines += linesIn(text);
    return text;
  }

  #encodingOf(bytes: Uint8Array): Encoding {
    const marked = MARKS.find(([, mark]) => mark.every((byte, i) => bytes[i] === byte))?.[0];
    if (marked !== undefined && this.#given !== undefined && this.#given !== marked)
      throw refused(
        1,
        `The file's byte order mark says that it is ${marked}, not ${this.#given}: leave the encoding out.`,
      );
    if (marked === undefined && this.#given === undefined) {
      const utf16 = utf16Of(bytes);
      if (utf16 !== null)
        throw new UnreadableTable({
          line: 1,
          column: null,
          message: `The file looks like ${utf16} without a byte order mark. Save it as CSV UTF-8, or name the encoding ${utf16}.`,
          remedy: "name-encoding",
        });
    }
    return marked ?? this.#given ?? "utf-8";
  }

  #undecodable(bytes: Uint8Array): UnreadableTable {
    const encoding = this.#decoder?.encoding ?? "utf-8";
    if (encoding !== "utf-8") return refused(this.#lines, `The file is not ${encoding}.`);
    const start = this.#tail.findIndex((byte) => (byte & 0xc0) !== 0x80);
    const before = start < 0 ? new Uint8Array() : this.#tail.slice(start);
    const text = new TextDecoder().decode(joined(before, bytes));
    const seen = new TextDecoder().decode(before, { stream: true });
    const line = this.#lines - linesIn(seen) + linesIn(text.slice(0, text.indexOf("\ufffd")));
    return new UnreadableTable({
      line: Math.max(1, line),
      column: null,
      message:
        "This line is not UTF-8. Save the file as CSV UTF-8, or name its encoding, for example windows-1252.",
      remedy: "name-encoding",
    });
  }
}

/** Decodes a whole file. Throws as `TextDecoding` does. */
export function decodeText(bytes: Uint8Array, encoding?: Encoding): string {
  return new TextDecoding(encoding).decode(bytes, true);
}

/** Decodes a stream of bytes. Throws as `TextDecoding` does. */
export async function* decodeChunks(
  chunks: AsyncIterable<Uint8Array>,
  encoding?: Encoding,
): AsyncGenerator<string> {
  const decoding = new TextDecoding(encoding);
  // The byte order mark, and the pattern of UTF-16, are looked for in the first bytes together.
  let head: Uint8Array | null = new Uint8Array();
  for await (const chunk of chunks) {
    if (head !== null) head = joined(head, chunk);
    if (head !== null && head.length < HEAD_BYTES) continue;
    yield decoding.decode(head ?? chunk, false);
    head = null;
  }
  yield decoding.decode(head ?? new Uint8Array(), true);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function utf16Of(bytes: Uint8Array): Encoding | null {
  const head = bytes.subarray(0, HEAD_BYTES);
  const zeros = (from: number) => head.filter((byte, i) => i % 2 === from && byte === 0).length;
  if (head.length < 4) return null;
  if (zeros(1) > head.length / 4) return "utf-16le";
  return zeros(0) > head.length / 4 ? "utf-16be" : null;
}

/** Line ends in a text; a carriage return before a line feed is one end with it. */
function linesIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}

function refused(line: number, message: string): UnreadableTable {
  return new UnreadableTable({ line, column: null, message });
}
