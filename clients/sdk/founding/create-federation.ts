import { createStrategy, vectorRootFast } from "@plenary/algorithms";
import {
  bondDeposit,
  type Federation,
  federationAddress,
  federationCreate,
  PROGRAM_ID,
  readFederation,
  readTokenProgram,
  sendTransaction,
  type Terms,
  tokenAccountAddress,
  vaultAddress,
  vaultFund,
} from "@plenary/chain";
import {
  configurationHash,
  ENDPOINTS,
  equalBytes,
  type FederationView,
  PlenaryError,
  toHex,
} from "@plenary/protocol";
import type { ServiceClient } from "@plenary/service";
import type { Connection, Keypair, PublicKey } from "@solana/web3.js";
import { signerFor } from "../access/request-signer.ts";
import { tokenBalance } from "../chain-state/reward-tokens.ts";
import type { PlannedFederation } from "./plan-federation.ts";
import { createRewardMint, mintTo } from "./reward-mint.ts";

export interface CreateFederationOptions {
  readonly connection: Connection;
  readonly client: ServiceClient;
  readonly program?: PublicKey;
  /** Owns the federation and, unless `rewardMint` is given, the mint of its reward token. */
  readonly authority: Keypair;
  /** The aggregator's key: the service signs receipts with it. Posts the bond. */
  readonly aggregator: Keypair;
  /** Tells federations of one authority apart; 1 by default. */
  readonly id?: bigint;
  readonly plan: PlannedFederation;
  /** A mint that exists; the authority must hold what it funds. By default one is made. */
  readonly rewardMint?: PublicKey;
  /** Rounds that the vault can pay for at first; 1,000 by default. */
  readonly fundedRounds?: number;
  readonly terms?: Partial<
    Pick<
      Terms,
      | "admission"
      | "minimumStake"
      | "minimumBond"
      | "challengeWindow"
      | "collectLimit"
      | "exitCooldown"
    >
  >;
  readonly onStep?: (step: CreateStep) => void;
  readonly signal?: AbortSignal;
}

/** What creating a federation is at. */
export interface CreateStep {
  readonly step: "mint" | "federation" | "vault" | "bond" | "blob" | "register";
  /** Transaction signature, or the hash of the blob. */
  readonly reference: string | null;
}

export interface CreatedFederation {
  readonly address: PublicKey;
  readonly rewardMint: PublicKey;
  readonly view: FederationView;
}

/**
 * Creates a federation on chain, funds its vault, posts the aggregator's bond, uploads its blobs and registers it with the service. Every
 * step looks first at what is there, so that it can be repeated after a failure. Both keys need SOL. Throws `conflict` if the id is taken
 * by a federation with another configuration, `transaction-failed`, `chain-unavailable`, and the service's refusals.
 */
export async function createFederation(
  options: CreateFederationOptions,
): Promise<CreatedFederation> {
  const { authority, client, plan } = options;
  const program = options.program ?? PROGRAM_ID;
  const address = federationAddress(program, authority.publicKey, options.id ?? 1n);
  const federation = await createOnChain(options, program, address);
  const { rewardMint } = federation;
  await fundVault(options, program, federation);
  await postBond(options, program, federation);
  const signer = await signerFor(authority, {
    connection: options.connection,
    program,
    aggregator: options.aggregator.publicKey,
  });
  for (const [hash, body] of plan.blobs) {
    await client.call(ENDPOINTS.blobWrite, {
      params: { hash },
      body,
      signer,
      signal: options.signal,
    });
    options.onStep?.({ step: "blob", reference: hash });
  }
  const view = await client.call(ENDPOINTS.federationRegister, {
    body: { address: address.toBase58(), configuration: plan.configuration },
    signer,
    signal: options.signal,
  });
  options.onStep?.({ step: "register", reference: null });
  return { address, rewardMint, view };
}

async function createOnChain(
  options: CreateFederationOptions,
  program: PublicKey,
  address: PublicKey,
): Promise<Federation> {
  const { connection, plan, authority, onStep } = options;
  const existing = await readFederation(connection, address);
  if (existing !== null) return sameFederation(existing, plan);
  const id = options.id ?? 1n;
  const rewardMint =
    options.rewardMint ?? (await createRewardMint(connection, authority, id, onStep));
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  const { configuration, initialModel } = plan;
  const strategy = createStrategy(configuration.strategy);
  const instructions = federationCreate(program, {
    authority: authority.publicKey,
    rewardMint,
    tokenProgram,
    id,
    terms: termsOf(options),
    modelRoot: vectorRootFast(initialModel),
    stateRoot: vectorRootFast(new Int32Array(strategy.stateLength(configuration.parameterCount))),
    parameterCount: configuration.parameterCount,
    strategy: strategy.id,
    momentum: strategy.momentum,
  });
  const reference = await sendTransaction(connection, instructions, [authority], {
    signal: options.signal,
  });
  onStep?.({ step: "federation", reference });
  const created = await readFederation(connection, address);
  if (created !== null) return created;
  throw new PlenaryError(
    "chain-unavailable",
    "The federation was created, but the RPC node does not show it yet.",
    {
      federation: address.toBase58(),
    },
  );
}

function sameFederation(existing: Federation, { configuration }: PlannedFederation): Federation {
  const hash = configurationHash(configuration);
  if (equalBytes(existing.configurationHash, hash)) return existing;
  throw new PlenaryError(
    "conflict",
    `This authority has a federation ${existing.id} with another configuration: choose another id.`,
    {
      federation: existing.address.toBase58(),
      expected: toHex(existing.configurationHash),
      actual: toHex(hash),
    },
  );
}

function termsOf({ plan, aggregator, terms }: CreateFederationOptions): Terms {
  const { limits, rounds, rewardPerRound } = plan.configuration;
  const challengeWindow = terms?.challengeWindow ?? 3_600;
  return {
    aggregator: aggregator.publicKey,
    admission: terms?.admission ?? "open",
    configurationHash: configurationHash(plan.configuration),
    maxUpdates: limits.maxUpdates,
    maxWeight: limits.maxWeight,
    rewardPerRound: BigInt(rewardPerRound),
    minimumStake: terms?.minimumStake ?? 0n,
    minimumBond: terms?.minimumBond ?? 0n,
    challengeWindow,
    collectLimit: terms?.collectLimit ?? rounds.deadlineSeconds,
    grace: rounds.graceSeconds,
    exitCooldown: terms?.exitCooldown ?? challengeWindow,
  };
}

/** Fills the vault up to what the funded rounds can pay. */
async function fundVault(
  options: CreateFederationOptions,
  program: PublicKey,
  federation: Federation,
): Promise<void> {
  const { connection, authority } = options;
  const { address, rewardMint, rewardPerRound } = federation;
  const wanted = rewardPerRound * BigInt(options.fundedRounds ?? 1_000);
  const missing = wanted - (await tokenBalance(connection, vaultAddress(program, address)));
  if (missing <= 0n || federation.totalClaimed > 0n) return;
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  const source = await provide(options, rewardMint, tokenProgram, authority, missing);
  const funder = authority.publicKey;
  const fund = { federation: address, rewardMint, tokenProgram, funder, source, amount: missing };
  const reference = await sendTransaction(connection, vaultFund(program, fund), [authority], {
    signal: options.signal,
  });
  options.onStep?.({ step: "vault", reference });
}

async function postBond(
  options: CreateFederationOptions,
  program: PublicKey,
  federation: Federation,
): Promise<void> {
  const { connection, aggregator } = options;
  const { address, rewardMint } = federation;
  const missing = federation.minimumBond - federation.bond;
  if (missing <= 0n) return;
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  const source = await provide(options, rewardMint, tokenProgram, aggregator, missing);
  const deposit = {
    federation: address,
    rewardMint,
    tokenProgram,
    aggregator: aggregator.publicKey,
    source,
    amount: missing,
  };
  const instructions = bondDeposit(program, deposit);
  const reference = await sendTransaction(connection, instructions, [aggregator], {
    signal: options.signal,
  });
  options.onStep?.({ step: "bond", reference });
}

/** Sees to it that an owner's token account holds an amount: by minting, where the mint was made here. Returns its address. */
async function provide(
  options: CreateFederationOptions,
  mint: PublicKey,
  tokenProgram: PublicKey,
  owner: Keypair,
  amount: bigint,
): Promise<PublicKey> {
  const { connection, authority } = options;
  const account = tokenAccountAddress(mint, owner.publicKey, tokenProgram);
  const held = await tokenBalance(connection, account);
  if (held >= amount) return account;
  if (options.rewardMint !== undefined)
    throw new PlenaryError(
      "invalid-input",
      `${owner.publicKey.toBase58()} holds ${held} of the reward token and needs ${amount}.`,
      { account: owner.publicKey.toBase58(), held: held.toString(), needed: amount.toString() },
    );
  await mintTo(connection, { authority, mint, owner: owner.publicKey, amount: amount - held });
  return account;
}
