import { PlenaryError } from "@plenary/protocol";
import { type Connection, LAMPORTS_PER_SOL, type PublicKey } from "@solana/web3.js";
import { unreachable } from "./errors.ts";

/** Lamports that the chain takes for each signature of a transaction. */
export const LAMPORTS_PER_SIGNATURE = 5_000;

/** Bytes that the chain charges rent for in every account, beside its data. */
const ACCOUNT_OVERHEAD = 128;

/** What is about to be sent costs its payer this much. */
export interface LamportNeeds {
  /** Signatures of all its transactions. */
  readonly signatures: number;
  /** Lengths in bytes of the accounts that it makes, whose rent the payer deposits. */
  readonly accounts?: readonly number[];
}

/**
 * Lamports that a payer must hold: fees, the rent of new accounts, and the rent of its own account.
 * Throws `chain-unavailable`.
 */
export async function lamportsNeeded(
  connection: Connection,
  { signatures, accounts = [] }: LamportNeeds,
): Promise<bigint> {
  const empty = await connection
    .getMinimumBalanceForRentExemption(0, "confirmed")
    .catch(unreachable(connection));
  const rents = accounts.map((length) => (empty / ACCOUNT_OVERHEAD) * (ACCOUNT_OVERHEAD + length));
  const rent = rents.reduce((sum, lamports) => sum + lamports, empty);
  return BigInt(Math.ceil(rent) + signatures * LAMPORTS_PER_SIGNATURE);
}

/** Lamports that an account holds at commitment `confirmed`. Throws `chain-unavailable`. */
export async function readLamports(connection: Connection, account: PublicKey): Promise<bigint> {
  return BigInt(await connection.getBalance(account, "confirmed").catch(unreachable(connection)));
}

/**
 * Asks before anything is sent whether a payer can pay for all of it: the chain's own refusal does
 * not say what is missing. Throws `insufficient-funds` and `chain-unavailable`.
 */
export async function requireLamports(
  connection: Connection,
  payer: PublicKey,
  needs: LamportNeeds = { signatures: 1 },
): Promise<void> {
  const [held, needed] = await Promise.all([
    readLamports(connection, payer),
    lamportsNeeded(connection, needs),
  ]);
  if (held < needed) throw insufficientLamports(payer.toBase58(), held, needed);
}

/** The error that says what an account holds and what it needs. */
export function insufficientLamports(
  account: string,
  held: bigint,
  needed: bigint,
  cause?: unknown,
): PlenaryError {
  return new PlenaryError(
    "insufficient-funds",
    held === 0n
      ? `${account} has no SOL, and pays this transaction's fee and rent: send it at least ${solText(needed)} SOL.`
      : `${account} holds ${solText(held)} SOL. Fees and rent need ${solText(needed)} SOL: send it at least ${solText(needed - held)} SOL more.`,
    { account, held: held.toString(), needed: needed.toString() },
    { cause },
  );
}

/**
 * What a payer lacks, from the words with which the chain refused its transaction: the lamports
 * that an account to be made lacks; undefined where fee or rent of the payer itself lack and the
 * chain does not say how much; null where lamports are not the reason.
 */
export function missingLamports(
  message: string,
  logs: readonly string[],
): bigint | undefined | null {
  for (const line of logs) {
    const [, held, needed] = line.match(/insufficient lamports (\d+), need (\d+)/) ?? [];
    if (held !== undefined && needed !== undefined) return BigInt(needed) - BigInt(held);
  }
  return /insufficient ?funds ?for ?(fee|rent)|no record of a prior credit/i.test(message)
    ? undefined
    : null;
}

/** Lamports as SOL, exactly: `0.00203928`. */
export function solText(lamports: bigint): string {
  const whole = lamports / BigInt(LAMPORTS_PER_SOL);
  const rest = (lamports % BigInt(LAMPORTS_PER_SOL)).toString().padStart(9, "0");
  return `${whole}.${rest}`.replace(/\.?0+$/, "");
}
