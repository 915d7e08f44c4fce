import { readMint, requireLamports } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair, PublicKey } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  lengthsToMake,
  readChanged,
  requireFederation,
  rewardTokensOf,
  tokenBalance,
} from "../chain-state/index.ts";
import { mintTo } from "../founding/index.ts";

/** Amounts in base units of the reward mint. */
export interface Granted {
  readonly amount: bigint;
  /** The owner's associated token account, what it held before, and what it holds now. */
  readonly account: PublicKey;
  readonly before: bigint;
  readonly after: bigint;
  readonly transaction: string;
}

/**
 * Mints tokens for an owner, so that it can stake. `minter` is the mint's authority: the
 * federation's, unless it was founded on a mint that existed. Each call mints. Throws
 * `not-authority` for another key, `invalid-input` for nothing, `insufficient-funds`,
 * `transaction-failed` and `transaction-unknown`.
 */
export async function grantTokens(
  context: Pick<ChainAccess, "connection" | "address">,
  minter: Keypair,
  owner: PublicKey,
  amount: bigint,
  { signal }: ChainOptions = {},
): Promise<Granted> {
  const { connection } = context;
  const federation = await requireFederation(context);
  const { rewardMint } = federation;
  await requireMinter(context, rewardMint, minter.publicKey);
  if (amount <= 0n)
    throw new PlenaryError("invalid-input", "The amount must be above zero.", {
      amount: amount.toString(),
    });
  const { account } = await rewardTokensOf(connection, federation, owner);
  const accounts = await lengthsToMake(connection, account);
  await requireLamports(connection, minter.publicKey, { signatures: 1, accounts });
  const before = await tokenBalance(connection, account);
  signal?.throwIfAborted();
  const transaction = await mintTo(connection, {
    authority: minter,
    mint: rewardMint,
    owner,
    amount,
  });
  const after = await readChanged(() => tokenBalance(connection, account), before);
  return { amount, account, before, after, transaction };
}

async function requireMinter(
  { connection }: Pick<ChainAccess, "connection">,
  mint: PublicKey,
  key: PublicKey,
): Promise<void> {
  const { authority } = await readMint(connection, mint);
  if (authority?.equals(key)) return;
  const who = authority === null ? "Nobody" : `Only ${authority.toBase58()}`;
  throw new PlenaryError(
    "not-authority",
    `${who} may mint the reward token ${mint.toBase58()}; this is ${key.toBase58()}. Send tokens from a wallet that holds some.`,
    { mint: mint.toBase58(), authority: authority?.toBase58() ?? "", key: key.toBase58() },
  );
}
