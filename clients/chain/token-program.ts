import { PlenaryError } from "@plenary/protocol";
import { type Connection, PublicKey } from "@solana/web3.js";
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from "./addresses.ts";
import { unreachable } from "./errors.ts";

/** A mint, as far as SPL Token and Token-2022 store it in the same way. */
export interface Mint {
  readonly address: PublicKey;
  /** SPL Token or Token-2022, which owns the mint. */
  readonly program: PublicKey;
  /** The key that may mint; null if nobody may. */
  readonly authority: PublicKey | null;
  /** Digits after the point of an amount in tokens. */
  readonly decimals: number;
}

const AUTHORITY = 4;
const DECIMALS = 44;
const INITIALIZED = 45;
const BASE_LENGTH = 82;
/** With extensions, Token-2022 stores the kind of account behind the length of an account. */
const KIND = 165;
const IS_MINT = 1;

/**
 * Reads a mint at commitment `confirmed`. Throws `not-found` if there is no such mint,
 * `invalid-input` if the account is something else, and `chain-unavailable`.
 */
export async function readMint(connection: Connection, address: PublicKey): Promise<Mint> {
  const account = await connection
    .getAccountInfo(address, "confirmed")
    .catch(unreachable(connection));
  const name = address.toBase58();
  if (account === null)
    throw new PlenaryError("not-found", `There is no mint ${name} on this chain.`, { mint: name });
  const { data, owner } = account;
  const program = [TOKEN_PROGRAM, TOKEN_2022_PROGRAM].find((known) => known.equals(owner));
  if (program === undefined)
    throw new PlenaryError(
      "invalid-input",
      `The account ${name} belongs to ${owner.toBase58()}, so it is not a mint of SPL Token or Token-2022.`,
      { mint: name, owner: owner.toBase58() },
    );
  if (!isMint(data))
    throw new PlenaryError(
      "invalid-input",
      `The account ${name} is not a mint: give the address of one.`,
      { mint: name },
    );
  const hasAuthority = new DataView(data.buffer, data.byteOffset).getUint32(0, true) === 1;
  return {
    address,
    program,
    authority: hasAuthority ? new PublicKey(data.subarray(AUTHORITY, AUTHORITY + 32)) : null,
    decimals: data[DECIMALS] ?? 0,
  };
}

function isMint(data: Uint8Array): boolean {
  const isExtended = data.length > KIND && data[KIND] === IS_MINT;
  return (data.length === BASE_LENGTH || isExtended) && data[INITIALIZED] === 1;
}

/**
 * The program that owns a mint: SPL Token or Token-2022. The addresses of associated token accounts
 * and every instruction that moves tokens depend on it. Throws as `readMint` does.
 */
export async function readTokenProgram(
  connection: Connection,
  mint: PublicKey,
): Promise<PublicKey> {
  return (await readMint(connection, mint)).program;
}
