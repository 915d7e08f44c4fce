import {
  bondDeposit,
  federationAddress,
  federationCreate,
  readFederation,
  sendTransaction,
  type Terms,
  tokenAccountAddress,
  tokenAccountCreate,
  vaultFund,
} from "@plenary/chain";
import { EMPTY_ROOT } from "@plenary/protocol";
import {
  createInitializeMint2Instruction,
  createMintToInstruction,
  getMinimumBalanceForRentExemptMint,
  MINT_SIZE,
  TOKEN_PROGRAM_ID,
} from "@solana/spl-token";
import {
  type Connection,
  type Keypair,
  LAMPORTS_PER_SOL,
  type PublicKey,
  SystemProgram,
  type TransactionInstruction,
} from "@solana/web3.js";
import { LocalStackError } from "./errors.ts";

/** Tokens have six decimals; amounts below are in base units. */
const DECIMALS = 6;
export const TOKEN = 10n ** BigInt(DECIMALS);
export const BOND = 1_000n * TOKEN;
export const STAKE = 10n * TOKEN;
/** Lets rounds become final, and claims be paid, while somebody watches. A federation among strangers takes days. */
const CHALLENGE_WINDOW_SECONDS = 1;
const AUTHORITY_LAMPORTS = 10 * LAMPORTS_PER_SOL;
const AGGREGATOR_LAMPORTS = 10 * LAMPORTS_PER_SOL;
const MEMBER_LAMPORTS = LAMPORTS_PER_SOL;

export interface FoundingSettings {
  readonly connection: Connection;
  readonly program: PublicKey;
  readonly authority: Keypair;
  readonly aggregator: Keypair;
  readonly mint: Keypair;
  /** Distinguishes the federations of one authority. */
  readonly id: bigint;
  readonly configurationHash: Uint8Array;
  readonly modelRoot: Uint8Array;
  readonly parameterCount: number;
  readonly limits: { readonly maxUpdates: number; readonly maxWeight: number };
  readonly collectSeconds: number;
  readonly graceSeconds: number;
  readonly rewardPerRound: bigint;
  /** What the vault is filled with. */
  readonly rewards: bigint;
}

/**
 * Founds a federation on chain: mint, account, bond of the aggregator, rewards in the vault. What is there already is left as
 * it is, so that a founding which was interrupted goes on. Returns the federation's address.
 */
export async function foundFederation(settings: FoundingSettings): Promise<PublicKey> {
  const { connection, program, authority, aggregator, mint, id } = settings;
  await fund(connection, authority.publicKey, AUTHORITY_LAMPORTS);
  await fund(connection, aggregator.publicKey, AGGREGATOR_LAMPORTS);
  await ensureMint(connection, authority, mint);
  const address = federationAddress(program, authority.publicKey, id);
  if ((await readFederation(connection, address)) === null) {
    const create = federationCreate(program, {
      authority: authority.publicKey,
      rewardMint: mint.publicKey,
      id,
      terms: termsOf(settings),
      modelRoot: settings.modelRoot,
      stateRoot: EMPTY_ROOT,
      parameterCount: settings.parameterCount,
      strategy: 0,
      momentum: 0,
    });
    await sendTransaction(connection, create, [authority]);
  }
  await depositBond(settings, address);
  await fillVault(settings, address);
  return address;
}

/** Money for fees and tokens for the stake of a member that has not joined yet. */
export async function equipMember(
  connection: Connection,
  authority: Keypair,
  mint: PublicKey,
  owner: PublicKey,
): Promise<void> {
  await fund(connection, owner, MEMBER_LAMPORTS);
  await ensureTokens(connection, authority, mint, owner, STAKE);
}

function termsOf(settings: FoundingSettings): Terms {
  return {
    aggregator: settings.aggregator.publicKey,
    admission: "open",
    configurationHash: settings.configurationHash,
    maxUpdates: settings.limits.maxUpdates,
    maxWeight: settings.limits.maxWeight,
    rewardPerRound: settings.rewardPerRound,
    minimumStake: STAKE,
    minimumBond: BOND,
    challengeWindow: CHALLENGE_WINDOW_SECONDS,
    collectLimit: settings.collectSeconds,
    grace: settings.graceSeconds,
    exitCooldown: CHALLENGE_WINDOW_SECONDS,
  };
}

/** Sees to it that an account can pay fees and rent. Where money is not free, says who needs how much. */
async function fund(connection: Connection, address: PublicKey, lamports: number): Promise<void> {
  const balance = await connection.getBalance(address, "confirmed");
  if (balance >= lamports / 2) return;
  try {
    const signature = await connection.requestAirdrop(address, lamports - balance);
    const latest = await connection.getLatestBlockhash("confirmed");
    await connection.confirmTransaction({ signature, ...latest }, "confirmed");
  } catch (cause) {
    throw new LocalStackError(
      "chain-unavailable",
      `${address.toBase58()} needs ${(lamports - balance) / LAMPORTS_PER_SOL} SOL for fees and rent, and this chain gives none away. Send it there and start again.`,
      { address: address.toBase58() },
      { cause },
    );
  }
}

async function ensureMint(connection: Connection, authority: Keypair, mint: Keypair): Promise<void> {
  if ((await connection.getAccountInfo(mint.publicKey, "confirmed")) !== null) return;
  const instructions: TransactionInstruction[] = [
    SystemProgram.createAccount({
      fromPubkey: authority.publicKey,
      newAccountPubkey: mint.publicKey,
      space: MINT_SIZE,
      lamports: await getMinimumBalanceForRentExemptMint(connection),
      programId: TOKEN_PROGRAM_ID,
    }),
    createInitializeMint2Instruction(mint.publicKey, DECIMALS, authority.publicKey, null),
  ];
  await sendTransaction(connection, instructions, [authority, mint]);
}

/** Tops the owner's token account up to `amount`, creating it if need be. */
async function ensureTokens(
  connection: Connection,
  authority: Keypair,
  mint: PublicKey,
  owner: PublicKey,
  amount: bigint,
): Promise<PublicKey> {
  const account = tokenAccountAddress(mint, owner);
  const held = await tokenBalance(connection, account);
  if (held >= amount) return account;
  await sendTransaction(
    connection,
    [
      ...tokenAccountCreate({ payer: authority.publicKey, mint, owner }),
      createMintToInstruction(mint, account, authority.publicKey, amount - held),
    ],
    [authority],
  );
  return account;
}

async function tokenBalance(connection: Connection, account: PublicKey): Promise<bigint> {
  if ((await connection.getAccountInfo(account, "confirmed")) === null) return 0n;
  return BigInt((await connection.getTokenAccountBalance(account, "confirmed")).value.amount);
}

async function depositBond(settings: FoundingSettings, federation: PublicKey): Promise<void> {
  const { connection, program, authority, aggregator, mint } = settings;
  const state = await readFederation(connection, federation);
  const missing = BOND - (state?.bond ?? 0n);
  if (missing <= 0n) return;
  const source = await ensureTokens(connection, authority, mint.publicKey, aggregator.publicKey, missing);
  const deposit = bondDeposit(program, {
    federation,
    rewardMint: mint.publicKey,
    aggregator: aggregator.publicKey,
    source,
    amount: missing,
  });
  await sendTransaction(connection, deposit, [aggregator]);
}

async function fillVault(settings: FoundingSettings, federation: PublicKey): Promise<void> {
  const { connection, program, authority, mint, rewards } = settings;
  const state = await readFederation(connection, federation);
  if (state === null) return;
  const missing = rewards - state.totalClaimed - (await tokenBalance(connection, state.vault));
  if (missing <= 0n) return;
  const source = await ensureTokens(connection, authority, mint.publicKey, authority.publicKey, missing);
  const funding = vaultFund(program, {
    federation,
    rewardMint: mint.publicKey,
    funder: authority.publicKey,
    source,
    amount: missing,
  });
  await sendTransaction(connection, funding, [authority]);
}
