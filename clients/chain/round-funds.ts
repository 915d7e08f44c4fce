import type { Connection, PublicKey } from "@solana/web3.js";
import { accountLength } from "./account-length.ts";
import { lamportsNeeded, readLamports } from "./lamports.ts";

/** How long an aggregator's SOL lasts. */
export interface RoundFunds {
  /** Lamports that the aggregator's account holds. */
  readonly held: bigint;
  /** Lamports that a round takes: the rent of its account, and the fees of its transactions. */
  readonly perRound: bigint;
  /** Rounds that can still be paid for; 0 if no round can open. */
  readonly rounds: number;
}

/** Transactions of a round that is opened, audited, committed and made final. */
const TRANSACTIONS = 4;

/**
 * Tells how many rounds an aggregator can still pay for. The rent of a round comes back when its
 * account is closed. Throws `chain-unavailable`.
 */
export async function readRoundFunds(
  connection: Connection,
  aggregator: PublicKey,
): Promise<RoundFunds> {
  const [held, own, first] = await Promise.all([
    readLamports(connection, aggregator),
    lamportsNeeded(connection, { signatures: 0 }),
    lamportsNeeded(connection, { signatures: TRANSACTIONS, accounts: [accountLength("Round")] }),
  ]);
  const perRound = first - own;
  return { held, perRound, rounds: held < first ? 0 : Number((held - own) / perRound) };
}
