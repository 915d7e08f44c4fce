import bs58 from "bs58";
import type { CompiledInstruction, Message } from "../bank/message.ts";
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from "../bank/token-accounts.ts";

const SYSTEM_PROGRAM = "11111111111111111111111111111111";
const MEMO_PROGRAMS = new Set([
  "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
  "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo",
]);

interface Parsed {
  readonly type: string;
  readonly info: Readonly<Record<string, string | number>>;
}

/**
 * An instruction in the `jsonParsed` form: system transfers and account creations, token
 * transfers, mints and burns, and memos in words. All others are their program, accounts and
 * data, as nodes do for programs that they do not know.
 */
export function parseInstruction(
  { programIndex, accounts, data }: CompiledInstruction,
  keys: readonly string[],
  stackHeight: number,
) {
  const programId = keys[programIndex] ?? "";
  const named = Array.from(accounts, (index) => keys[index] ?? "");
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (MEMO_PROGRAMS.has(programId))
    return { program: "spl-memo", programId, parsed: bytes.toString("utf8"), stackHeight };
  const system = programId === SYSTEM_PROGRAM ? parseSystem(bytes, named) : null;
  if (system !== null) return { program: "system", programId, parsed: system, stackHeight };
  const isToken = programId === TOKEN_PROGRAM || programId === TOKEN_2022_PROGRAM;
  const token = isToken ? parseToken(bytes, named) : null;
  if (token !== null) {
    const program = programId === TOKEN_PROGRAM ? "spl-token" : "spl-token-2022";
    return { program, programId, parsed: token, stackHeight };
  }
  return { programId, accounts: named, data: bs58.encode(data), stackHeight };
}

function parseSystem(data: Buffer, [first = "", second = ""]: readonly string[]): Parsed | null {
  const kind = data.length >= 4 ? data.readUInt32LE(0) : -1;
  if (kind === 2 && data.length >= 12) {
    const lamports = Number(data.readBigUInt64LE(4));
    return { type: "transfer", info: { source: first, destination: second, lamports } };
  }
  if (kind === 0 && data.length >= 52) {
    const info = {
      source: first,
      newAccount: second,
      lamports: Number(data.readBigUInt64LE(4)),
      space: Number(data.readBigUInt64LE(12)),
      owner: bs58.encode(data.subarray(20, 52)),
    };
    return { type: "createAccount", info };
  }
  return null;
}

/**
 * Instruction numbers of spl-token-interface whose data is an amount, with the names of their
 * accounts.
 */
const TOKEN_AMOUNT_INSTRUCTIONS: Readonly<
  Record<number, readonly [type: string, ...accounts: string[]]>
> = {
  3: ["transfer", "source", "destination", "authority"],
  7: ["mintTo", "mint", "account", "mintAuthority"],
  8: ["burn", "account", "mint", "authority"],
};

function parseToken(data: Buffer, accounts: readonly string[]): Parsed | null {
  const known = TOKEN_AMOUNT_INSTRUCTIONS[data[0] ?? -1];
  if (known === undefined || data.length < 9 || accounts.length < known.length - 1) return null;
  const [type, ...names] = known;
  const entries = names.map((name, index): [string, string] => [name, accounts[index] ?? ""]);
  return {
    type,
    info: { ...Object.fromEntries(entries), amount: data.readBigUInt64LE(1).toString() },
  };
}

/**
 * A message's memos as signature listings show them (`[length] text`, several joined by "; "),
 * `null` if it has none.
 */
export function memoOf(message: Message): string | null {
  const memos = message.instructions
    .filter(({ programIndex }) => MEMO_PROGRAMS.has(bs58.encode(message.keys[programIndex]!)))
    .map(({ data }) => `[${data.length}] ${Buffer.from(data).toString("utf8")}`);
  return memos.length === 0 ? null : memos.join("; ");
}
