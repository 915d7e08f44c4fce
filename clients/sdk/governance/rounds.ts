import { listRounds, type Round, requireLamports, roundClose } from "@plenary/chain";
import type { Keypair } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  requireFederation,
  sendForRounds,
} from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";

export interface ClosedRounds {
  /** Ascending. */
  readonly rounds: readonly bigint[];
  readonly transactions: readonly string[];
}

/**
 * Closes the accounts of rounds below `before` that a later final round has made obsolete, or that are void: their rent goes back to who
 * paid it, the aggregator. Nobody can verify them after that; pay stays claimable, for the last final round proves all of it. Safe to
 * repeat. Throws `not-authority`, `not-found`, `transaction-failed`.
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

/** As the program decides. */
function isObsolete({ status, number, openDisputes }: Round, finalRound: bigint): boolean {
  return status === "void" ? openDisputes === 0 : status === "final" && number < finalRound;
}
