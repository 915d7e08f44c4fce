import {
  federationUpdate,
  instant,
  readRound,
  requireLamports,
  roundAddress,
  sendTransaction,
  type Terms,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { type ChainAccess, type ChainOptions, requireFederation } from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";

/**
 * Terms that can change without another configuration. The configuration states budget, limits and
 * times too, so those stay.
 */
export type TermsChange = Partial<
  Pick<
    Terms,
    "aggregator" | "admission" | "minimumStake" | "minimumBond" | "challengeWindow" | "exitCooldown"
  >
>;

/** All terms after the change. The transaction is null if nothing differed. */
export interface TermsUpdated {
  readonly terms: Required<TermsChange>;
  /** Null if they were so before. */
  readonly transaction: string | null;
}

/**
 * Changes terms of a federation between rounds. Safe to repeat. Throws `conflict` while a round is
 * open, `not-authority`, `insufficient-funds`, `transaction-unknown`, and `transaction-failed` with
 * the program's sentence, for example while rounds can be disputed.
 */
export async function updateTerms(
  context: ChainAccess,
  authority: Keypair,
  change: TermsChange,
  { signal }: ChainOptions = {},
): Promise<TermsUpdated> {
  const { connection, program, address } = context;
  const federation = await requireFederation(context);
  const wanted = { ...federation, ...change };
  const { aggregator, admission, minimumStake, minimumBond, challengeWindow, exitCooldown } =
    wanted;
  const terms = { aggregator, admission, minimumStake, minimumBond, challengeWindow, exitCooldown };
  const names = Object.keys(terms) as (keyof typeof terms)[];
  // As text, because an address is an object.
  if (names.every((name) => String(terms[name]) === String(federation[name])))
    return { terms, transaction: null };
  requireAuthority(federation, authority.publicKey);
  await requireBetweenRounds(context, federation.openRound);
  await requireLamports(connection, authority.publicKey);
  const update = { federation: address, authority: authority.publicKey, terms: wanted };
  const transaction = await sendTransaction(
    connection,
    federationUpdate(program, update),
    [authority],
    {
      signal,
    },
  );
  return { terms, transaction };
}

async function requireBetweenRounds(
  { connection, program, address }: ChainAccess,
  open: bigint,
): Promise<void> {
  if (open === 0n) return;
  const round = await readRound(connection, roundAddress(program, address, open));
  const end = round === null ? "" : `, which is by ${instant(round.commitBy)}`;
  throw new PlenaryError(
    "conflict",
    `Members rely on the terms of round ${open}, which is open: pause the federation, and change them when the round is committed or void${end}.`,
    { round: open.toString() },
  );
}
