import {
  createStrategy,
  initialState,
  type Registries,
  rulesOf,
  vectorRootFast,
} from "@plenary/algorithms";
import {
  bondDeposit,
  federationAddress,
  federationCreate,
  memberAddress,
  memberJoin,
  PROGRAM_ID,
  sendTransaction,
  tokenAccountAddress,
  tokenAccountCreate,
  vaultFund,
} from "@plenary/chain";
import {
  canonicalJsonBytes,
  configurationHash,
  type FederationConfiguration,
  sha256,
  toHex,
  vectorToBytes,
} from "@plenary/protocol";
import {
  createInitializeMint2Instruction,
  createMintToInstruction,
  MINT_SIZE,
  TOKEN_PROGRAM_ID,
} from "@solana/spl-token";
import {
  Connection,
  Keypair,
  type PublicKey,
  SystemProgram,
  type TransactionInstruction,
} from "@solana/web3.js";
import { giveSol } from "../../../../testing/index.ts";
import type { TestMember } from "./sign-update.ts";

/** A federation on chain with its members, and the blobs that the service needs. */
export interface TestFederation {
  readonly address: Uint8Array;
  readonly authority: Keypair;
  readonly mint: PublicKey;
  readonly configuration: FederationConfiguration;
  readonly members: readonly TestMember[];
  readonly blobs: readonly Uint8Array[];
  readonly model: Int32Array;
  /** Adds a member on chain. */
  join(): Promise<TestMember>;
}

export interface FederationPlan {
  readonly rpcUrl: string;
  readonly aggregator: Keypair;
  readonly members: number;
  readonly parameterCount: number;
  readonly challengeWindow?: number;
  readonly configuration?: (defaults: FederationConfiguration) => FederationConfiguration;
  readonly blobs?: readonly Uint8Array[];
  readonly model?: Int32Array;
  /** The plug-ins that Plenary comes with, by default. */
  readonly registries?: Registries;
}

/** The aggregator's first deposit. */
export const BOND = 1_000n;
const STAKE = 10n;
const FUNDS = 1_000_000_000n;
/** A test's own chain may be asked often. */
const SEND = { pollInterval: 40 };

/**
 * Makes a federation on chain: mint, vault, bond and members, all with the program's own
 * instructions.
 */
export async function createFederation(plan: FederationPlan): Promise<TestFederation> {
  const connection = new Connection(plan.rpcUrl, "confirmed");
  const authority = Keypair.generate();
  await giveSol(connection, authority.publicKey, 1_000);
  const mint = await createMint(connection, authority, plan.aggregator);
  const model = plan.model ?? new Int32Array(plan.parameterCount);
  const questionnaire = canonicalJsonBytes({ questions: "none are asked in this test" });
  const defaults = defaultConfiguration(plan, model, questionnaire);
  const configuration = plan.configuration?.(defaults) ?? defaults;
  const address = federationAddress(PROGRAM_ID, authority.publicKey, 1n);
  await create(connection, plan, authority, mint, address, configuration, model);
  const join = () => joinMember(connection, address, mint, authority);
  const members = await Promise.all(Array.from({ length: plan.members }, join));
  const blobs = [questionnaire, vectorToBytes(model), ...(plan.blobs ?? [])];
  return {
    address: address.toBytes(),
    authority,
    mint,
    configuration,
    members,
    blobs,
    model,
    join,
  };
}

async function create(
  connection: Connection,
  plan: FederationPlan,
  authority: Keypair,
  mint: PublicKey,
  address: PublicKey,
  configuration: FederationConfiguration,
  model: Int32Array,
): Promise<void> {
  const strategy = createStrategy(configuration.strategy, plan.registries?.strategies);
  const { limits, rounds } = configuration;
  await sendTransaction(
    connection,
    federationCreate(PROGRAM_ID, {
      authority: authority.publicKey,
      rewardMint: mint,
      id: 1n,
      terms: {
        aggregator: plan.aggregator.publicKey,
        admission: "open",
        configurationHash: configurationHash(configuration),
        maxUpdates: limits.maxUpdates,
        maxWeight: limits.maxWeight,
        rewardPerRound: BigInt(configuration.rewardPerRound),
        minimumStake: STAKE,
        minimumBond: 100n,
        challengeWindow: plan.challengeWindow ?? 0,
        collectLimit: rounds.deadlineSeconds,
        grace: rounds.graceSeconds,
        exitCooldown: plan.challengeWindow ?? 0,
      },
      modelRoot: vectorRootFast(model),
      stateRoot: vectorRootFast(initialState(strategy, model.length)),
      parameterCount: model.length,
      rules: rulesOf(configuration, plan.registries),
    }),
    [authority],
    SEND,
  );
  const source = tokenAccountAddress(mint, authority.publicKey);
  await sendTransaction(
    connection,
    [
      ...vaultFund(PROGRAM_ID, {
        federation: address,
        rewardMint: mint,
        funder: authority.publicKey,
        source,
        amount: FUNDS / 2n,
      }),
      ...bondDeposit(PROGRAM_ID, {
        federation: address,
        rewardMint: mint,
        aggregator: plan.aggregator.publicKey,
        source: tokenAccountAddress(mint, plan.aggregator.publicKey),
        amount: BOND,
      }),
    ],
    [authority, plan.aggregator],
    SEND,
  );
}

function defaultConfiguration(
  plan: FederationPlan,
  model: Int32Array,
  questionnaire: Uint8Array,
): FederationConfiguration {
  return {
    version: 1,
    name: "test",
    questionnaire: toHex(sha256(questionnaire)),
    predictor: { name: "tilt" },
    training: {},
    initialModel: toHex(sha256(vectorToBytes(model))),
    parameterCount: plan.parameterCount,
    strategy: { name: "fedavg" },
    aggregator: { name: "mean" },
    codecs: ["int32", "int8"],
    screening: { maxNorm: 0 },
    contribution: { name: "data-size", cap: 1000 },
    heldOut: null,
    limits: { maxUpdates: 64, maxWeight: 1000, maxPayloadBytes: plan.parameterCount * 4 + 1024 },
    rounds: { quorum: plan.members, minimum: 1, deadlineSeconds: 600, graceSeconds: 600, total: 0 },
    rewardPerRound: "1000",
  };
}

async function createMint(
  connection: Connection,
  authority: Keypair,
  aggregator: Keypair,
): Promise<PublicKey> {
  const mint = Keypair.generate();
  const payer = authority.publicKey;
  const lamports = await connection.getMinimumBalanceForRentExemption(MINT_SIZE);
  const instructions: TransactionInstruction[] = [
    SystemProgram.createAccount({
      fromPubkey: payer,
      newAccountPubkey: mint.publicKey,
      space: MINT_SIZE,
      lamports,
      programId: TOKEN_PROGRAM_ID,
    }),
    createInitializeMint2Instruction(mint.publicKey, 6, payer, null),
  ];
  for (const owner of [payer, aggregator.publicKey])
    instructions.push(
      ...tokenAccountCreate({ payer, mint: mint.publicKey, owner }),
      createMintToInstruction(
        mint.publicKey,
        tokenAccountAddress(mint.publicKey, owner),
        payer,
        FUNDS,
      ),
    );
  await sendTransaction(connection, instructions, [authority, mint], SEND);
  return mint.publicKey;
}

async function joinMember(
  connection: Connection,
  federation: PublicKey,
  mint: PublicKey,
  authority: Keypair,
): Promise<TestMember> {
  const owner = Keypair.generate();
  const updateKey = Keypair.generate();
  const account = tokenAccountAddress(mint, owner.publicKey);
  await sendTransaction(
    connection,
    [
      ...tokenAccountCreate({ payer: authority.publicKey, mint, owner: owner.publicKey }),
      createMintToInstruction(mint, account, authority.publicKey, STAKE),
      ...memberJoin(PROGRAM_ID, {
        federation,
        rewardMint: mint,
        owner: owner.publicKey,
        payer: authority.publicKey,
        source: account,
        payout: account,
        updateKey: updateKey.publicKey,
        stake: STAKE,
      }),
    ],
    [authority, owner],
    SEND,
  );
  return {
    owner,
    updateKey,
    address: memberAddress(PROGRAM_ID, federation, owner.publicKey).toBytes(),
  };
}
