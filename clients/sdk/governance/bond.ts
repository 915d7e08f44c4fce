import {
  bondDeposit,
  bondWithdraw,
  type Federation,
  readChainTime,
  requireLamports,
  sendTransaction,
  tokenAccountCreate,
  tokensText,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  lengthsToMake,
  readChanged,
  requireAmount,
  requireFederation,
  rewardTokensOf,
  settleRounds,
  tokenBalance,
  unsettledRounds,
  waitingRounds,
} from "../chain-state/index.ts";

/** Amounts in base units of the reward mint. */
export interface BondChange {
  /** What was moved; 0 if there was nothing to do. */
  readonly amount: bigint;
  /** What the escrow held of it before. */
  readonly before: bigint;
  /** What the escrow holds of it now. No round opens below `minimumBond`. */
  readonly bond: bigint;
  readonly minimumBond: bigint;
  readonly transaction: string | null;
}

/**
 * Adds to the aggregator's bond from its associated token account: an amount, or what the minimum
 * lacks, as after a slash. Only the latter is safe to repeat. Throws `conflict` for a key that is
 * not the aggregator's, `invalid-input` without the tokens, `insufficient-funds` without SOL, and
 * `transaction-unknown`.
 */
export async function depositBond(
  context: ChainAccess,
  aggregator: Keypair,
  amount?: bigint,
  { signal }: ChainOptions = {},
): Promise<BondChange> {
  const { connection, program, address } = context;
  const federation = await requireFederation(context);
  const { bond, minimumBond, rewardMint } = federation;
  const key = aggregator.publicKey;
  if (!federation.aggregator.equals(key)) throw notAggregator(federation, key.toBase58());
  const missing = minimumBond > bond ? minimumBond - bond : 0n;
  if (amount === undefined && missing === 0n)
    return { amount: 0n, before: bond, bond, minimumBond, transaction: null };
  const added = amount ?? missing;
  await requireLamports(connection, key);
  const { tokenProgram, account, decimals } = await rewardTokensOf(connection, federation, key);
  const held = await tokenBalance(connection, account);
  requireAmount(
    added,
    held,
    `${key.toBase58()} holds of the reward token ${rewardMint.toBase58()}`,
    decimals,
  );
  const instructions = bondDeposit(program, {
    federation: address,
    rewardMint,
    tokenProgram,
    aggregator: key,
    source: account,
    amount: added,
  });
  const transaction = await sendTransaction(connection, instructions, [aggregator], { signal });
  return {
    amount: added,
    before: bond,
    bond: await after(context, bond),
    minimumBond,
    transaction,
  };
}

/**
 * Pays bond back to the aggregator's associated token account: an amount, or all of it. The
 * authority may do so too. Throws `conflict` with the rounds that can still be challenged, or for
 * another key; `invalid-input` for more than there is; `insufficient-funds` and
 * `transaction-unknown`.
 */
export async function withdrawBond(
  context: ChainAccess,
  signer: Keypair,
  amount?: bigint,
  { signal }: ChainOptions = {},
): Promise<BondChange> {
  const { connection, program, address } = context;
  const federation = await requireFederation(context);
  const { aggregator, authority, bond, minimumBond, rewardMint } = federation;
  const key = signer.publicKey;
  if (!aggregator.equals(key) && !authority.equals(key))
    throw notAggregator(federation, key.toBase58());
  if (amount === undefined && bond === 0n)
    return { amount: 0n, before: bond, bond, minimumBond, transaction: null };
  const taken = amount ?? bond;
  const tokens = await rewardTokensOf(connection, federation, aggregator);
  const { tokenProgram, account, decimals } = tokens;
  requireAmount(taken, bond, "the bond", decimals);
  const accounts = await lengthsToMake(connection, account);
  await requireLamports(connection, key, { signatures: 1, accounts });
  await requireSettled(context, signer, federation, decimals, signal);
  const instructions = [
    ...tokenAccountCreate({ payer: key, mint: rewardMint, owner: aggregator, tokenProgram }),
    ...bondWithdraw(program, {
      federation: address,
      rewardMint,
      tokenProgram,
      signer: key,
      destination: account,
      amount: taken,
    }),
  ];
  const transaction = await sendTransaction(connection, instructions, [signer], { signal });
  return {
    amount: taken,
    before: bond,
    bond: await after(context, bond),
    minimumBond,
    transaction,
  };
}

function after(context: ChainAccess, before: bigint): Promise<bigint> {
  return readChanged(async () => (await requireFederation(context)).bond, before);
}

/** Throws `conflict` unless every round is final or void, or can be made so. */
async function requireSettled(
  context: ChainAccess,
  payer: Keypair,
  federation: Federation,
  decimals: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const rounds = unsettledRounds(federation);
  const now = await readChainTime(context.connection);
  if (await settleRounds(context, payer, rounds, now, signal)) return;
  const reasons = await waitingRounds(context, rounds, now);
  throw new PlenaryError(
    "conflict",
    `The bond of ${tokensText(federation.bond, decimals)} tokens secures rounds that are not final: ${reasons.join("; ")}. Pause the federation so that no further round opens, and withdraw it after that.`,
    { bond: federation.bond.toString(), rounds: rounds.join(",") },
  );
}

function notAggregator({ aggregator }: Federation, key: string): PlenaryError {
  return new PlenaryError(
    "conflict",
    `The federation's aggregator is ${aggregator.toBase58()}, not ${key}: give the keypair file of the service.`,
    { aggregator: aggregator.toBase58(), key },
  );
}
