import { type Connection, PublicKey } from "@solana/web3.js";
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from "./addresses.ts";
import { unreachable } from "./errors.ts";

/**
 * A token account, as far as SPL Token and Token-2022 store it in the same way.
 *
 * The bytes are read and the instructions in transactions/ are written by hand, because
 * `@solana/spl-token` is not safe for this package: it needs a global `Buffer`, which browsers
 * lack, and it depends on `bigint-buffer`, whose native build has a known vulnerability and would
 * be installed with every client. Tests compare both with that package.
 */
export interface TokenAccount {
  readonly address: PublicKey;
  /** SPL Token or Token-2022. */
  readonly program: PublicKey;
  readonly mint: PublicKey;
  readonly owner: PublicKey;
  /** Base units. */
  readonly amount: bigint;
  readonly frozen: boolean;
}

/**
 * Length of an account without extensions. With extensions, Token-2022 stores the kind of account
 * in the byte after it.
 */
const BASE_LENGTH = 165;
const IS_ACCOUNT = 2;
const AMOUNT = 64;
const STATE = 108;
const FROZEN = 2;

/**
 * Reads a token account at commitment `confirmed`. Null if the address has none. Throws
 * `chain-unavailable`.
 */
export async function readTokenAccount(
  connection: Connection,
  address: PublicKey,
): Promise<TokenAccount | null> {
  const account = await connection
    .getAccountInfo(address, "confirmed")
    .catch(unreachable(connection));
  const program = [TOKEN_PROGRAM, TOKEN_2022_PROGRAM].find((known) => account?.owner.equals(known));
  if (account === null || program === undefined) return null;
  const { data } = account;
  const isExtended =
    program.equals(TOKEN_2022_PROGRAM) &&
    data.length > BASE_LENGTH &&
    data[BASE_LENGTH] === IS_ACCOUNT;
  if ((data.length !== BASE_LENGTH && !isExtended) || data[STATE] === 0) return null;
  return {
    address,
    program,
    mint: new PublicKey(data.subarray(0, 32)),
    owner: new PublicKey(data.subarray(32, AMOUNT)),
    amount: new DataView(data.buffer, data.byteOffset, data.byteLength).getBigUint64(AMOUNT, true),
    frozen: data[STATE] === FROZEN,
  };
}
