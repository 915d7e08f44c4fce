import { listRounds, type Round, requireLamports, roundClose } from "@plenary/chain";
import type { Keypair } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  requireFederation,
  sendForRounds,
} from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";

/** The rounds whose accounts were closed, and the transactions (base58). */
export interface ClosedRounds {
  /** Ascending. */
  readonly rounds: readonly bigint[];
  readonly transactions: readonly string[];
}

/**
 * Closes the accounts of rounds below `before` that are void or that a later final round has made
 * obsolete. Their rent goes back to the aggregator, which paid it. Nobody can verify these rounds
 * after that. Pay stays claimable, because the last final round proves all of it. Safe to repeat.
 * Throws `not-authority`, `not-found`, `insufficient-funds`, `transaction-failed` and
 * `transaction-unknown`.
 */
export async function closeRounds(
  context: ChainAccess,
  authority: Keypair,
  before: bigint,
  { signal }: ChainOptions = {},
): Promise<ClosedRounds> {
  const { connection, program, address } = context;
  const federation = await requireFederation(context);
  requireAuthority(federation, authority.publicKey);
  const rounds = await listRounds(connection, program, address);
  const obsolete = rounds.filter(
    (round) => round.number < before && isObsolete(round, federation.finalRound),
  );
  if (obsolete.length > 0) await requireLamports(connection, authority.publicKey);
  const closings = obsolete.map(({ number, rentPayer }) =>
    roundClose(program, { federation: address, authority: authority.publicKey, number, rentPayer }),
  );
  const transactions = await sendForRounds(connection, authority, closings, { signal });
  return { rounds: obsolete.map(({ number }) => number), transactions };
}

/** The program decides the same way. */
function isObsolete({ status, number, openDisputes }: Round, finalRound: bigint): boolean {
  return status === "void" ? openDisputes === 0 : status === "final" && number < finalRound;
}
