import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import {
  readTokenProgram,
  sendTransaction,
  TOKEN_2022_PROGRAM,
  tokenAccountAddress,
} from "@plenary/chain";
import type { FederationConfiguration } from "@plenary/protocol";
import {
  type CreateFederationOptions,
  connectTo,
  createFederation,
  createServiceClient,
  type Dataset,
  depositBond,
  type FederationPlan,
  joinFederation,
  loadDataset,
  mintTo,
  openAccess,
  openFederation,
  planFederation,
  requestSol,
} from "@plenary/sdk";
import {
  keepKeypair,
  openHome,
  Ports,
  readStackConfig,
  type Stack,
  Supervisor,
  startStack,
} from "@plenary/stack";
import {
  createInitializeMetadataPointerInstruction,
  createInitializeMint2Instruction,
  ExtensionType,
  getMintLen,
} from "@solana/spl-token";
import { type Connection, Keypair, type PublicKey, SystemProgram } from "@solana/web3.js";
import { startLocalnet } from "../../services/aggregator/testing/stack/localnet.ts";

export const ROOT = resolve(import.meta.dirname, "../..");
/**
 * Each member's stake, the aggregator's bond, and the tokens of every account that is equipped, in
 * base units of the reward mint.
 */
export const STAKE = 5_000_000n;

/** Database, queue, chain and service for one test: real processes that end with it. */
export interface Ground {
  readonly stack: Stack;
  /** As Localnet.passTime. */
  passTime(seconds: number): void;
  readonly aggregator: Keypair;
  /** Where the service keeps its blobs. A copy is a mirror. */
  readonly blobs: string;
  /** A folder for this test. */
  readonly folder: string;
}

export async function startGround(t: TestContext, options: GroundOptions = {}): Promise<Ground> {
  const { ground, close } = await openGround(options);
  t.after(close);
  return ground;
}

export interface GroundOptions {
  /** Whether the test can let time pass on the chain. */
  readonly hurried?: boolean;
  /** A worker other than the service's: see startStack. */
  readonly worker?: readonly [string, ...string[]];
}

/** A ground that its caller closes. */
export async function openGround({
  hurried = false,
  worker,
}: GroundOptions = {}): Promise<{ ground: Ground; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-journey-"));
  const { PATH = "" } = process.env;
  const chain = hurried ? await startLocalnet(folder, true) : undefined;
  const config = readStackConfig({ PATH, PLENARY_RPC_URL: chain?.rpcUrl });
  const home = await openHome(join(folder, "home"));
  const log = () => undefined;
  const supervisor = new Supervisor(home, log);
  const close = async () => {
    await supervisor.stop();
    home.close();
    await chain?.process.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const aggregator = keepKeypair(home, "aggregator");
    const settings = { config, root: ROOT, home, supervisor, ports: new Ports(), log };
    const stack = await startStack({ ...settings, ...(worker && { worker }) });
    const passTime = (seconds: number) => {
      if (chain === undefined)
        throw new Error("Time passes by itself on a ground that is not hurried.");
      chain.passTime(seconds);
    };
    return { ground: { stack, passTime, aggregator, folder, blobs: home.folder("blobs") }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Seconds that no machine is slow enough to use up: rounds end when all members have sent. */
const PATIENT = { deadlineSeconds: 7_200, graceSeconds: 7_200 };
const FUNDED_ROUNDS = 100n;

/** A federation on a ground, and how to equip its members. */
export interface Founded {
  readonly address: PublicKey;
  readonly authority: Keypair;
  readonly rewardMint: PublicKey;
  readonly dataset: Dataset;
  /** Gives an owner money for fees and tokens for the stake. */
  equip(owner: PublicKey): Promise<void>;
  /** An owner's account of the reward token. */
  tokensOf(owner: PublicKey): PublicKey;
}

/**
 * Founds a federation whose rounds close with two members. Pay goes by data size, so that every
 * member earns. `challengeWindow` is in seconds. `createMint` makes another kind of reward token
 * than `createFederation` would.
 */
export async function foundFederation(
  { stack, aggregator }: Ground,
  rounds: Partial<FederationConfiguration["rounds"]>,
  challengeWindow = 1,
  plan: Partial<FederationPlan> = {},
  createMint?: (connection: Connection, authority: Keypair) => Promise<PublicKey>,
  terms: CreateFederationOptions["terms"] = {},
): Promise<Founded> {
  const connection = connectTo(stack.rpcUrl);
  const authority = Keypair.generate();
  for (const key of [authority, aggregator]) await requestSol(connection, key.publicKey, 5);
  const dataset = await loadDataset("gss");
  const planned = planFederation({
    name: "journey",
    dataset,
    heldOut: dataset.answersOf(dataset.split(7).unseen.slice(0, 2)),
    seed: 3,
    contribution: { name: "data-size", cap: 4096 },
    rounds: { ...PATIENT, quorum: 2, ...rounds },
    ...plan,
  });
  const mint = await createMint?.(connection, authority);
  if (mint !== undefined) {
    const funds = BigInt(planned.configuration.rewardPerRound) * FUNDED_ROUNDS;
    await mintTo(connection, { authority, mint, owner: authority.publicKey, amount: funds });
    await mintTo(connection, { authority, mint, owner: aggregator.publicKey, amount: STAKE });
  }
  const { address, rewardMint } = await createFederation({
    ...(mint && { rewardMint: mint }),
    fundedRounds: Number(FUNDED_ROUNDS),
    connection,
    client: createServiceClient({ url: stack.serviceUrl }),
    program: stack.program,
    authority,
    aggregator,
    plan: planned,
    terms: { minimumStake: STAKE, minimumBond: STAKE, challengeWindow, ...terms },
  });
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  return {
    address,
    authority,
    rewardMint,
    dataset,
    tokensOf: (owner) => tokenAccountAddress(rewardMint, owner, tokenProgram),
    async equip(owner) {
      await requestSol(connection, owner, 1);
      await mintTo(connection, { authority, mint: rewardMint, owner, amount: STAKE });
    },
  };
}

const DECIMALS = 6;

/**
 * A mint of Token-2022 with a metadata pointer, as in real use. It and its accounts are longer than
 * those of SPL Token.
 */
export async function createToken2022Mint(
  connection: Connection,
  authority: Keypair,
): Promise<PublicKey> {
  const mint = Keypair.generate();
  const space = getMintLen([ExtensionType.MetadataPointer]);
  const instructions = [
    SystemProgram.createAccount({
      fromPubkey: authority.publicKey,
      newAccountPubkey: mint.publicKey,
      lamports: await connection.getMinimumBalanceForRentExemption(space),
      space,
      programId: TOKEN_2022_PROGRAM,
    }),
    createInitializeMetadataPointerInstruction(
      mint.publicKey,
      authority.publicKey,
      mint.publicKey,
      TOKEN_2022_PROGRAM,
    ),
    createInitializeMint2Instruction(
      mint.publicKey,
      DECIMALS,
      authority.publicKey,
      null,
      TOKEN_2022_PROGRAM,
    ),
  ];
  await sendTransaction(connection, instructions, [authority, mint]);
  return mint.publicKey;
}

/**
 * Posts the aggregator's bond again after an upheld dispute; without a bond no round opens. The
 * chain refuses the second of two equal amounts in quick succession, because both are the same
 * transaction while the blockhash is the same.
 */
export async function bondAgain(
  { stack, aggregator }: Ground,
  { address, authority, rewardMint }: Founded,
  amount = STAKE,
): Promise<void> {
  const connection = connectTo(stack.rpcUrl);
  const owner = aggregator.publicKey;
  await mintTo(connection, { authority, mint: rewardMint, owner, amount });
  await depositBond({ connection, program: stack.program, address }, aggregator, amount);
}

/**
 * Runs members that take part in every round, each with the answers of one group. Resolves to their
 * keypairs when the federation is complete.
 */
export async function runMembers(
  { stack, folder }: Ground,
  founded: Founded,
  count = 2,
): Promise<Keypair[]> {
  const groups = founded.dataset.split(7).training;
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const keypair = Keypair.generate();
      await founded.equip(keypair.publicKey);
      const options = { service: stack.serviceUrl, rpc: stack.rpcUrl, keypair };
      // A private federation shows its questions to members only, so they join before they open it.
      await joinFederation(await openAccess(options), { keypair });
      const federation = await openFederation(options);
      const answers = founded.dataset.answersOf([groups[index] ?? ""]);
      const member = await federation.join({
        keypair,
        answers,
        state: join(folder, `member-${index}`),
      });
      for await (const { number, outcome } of member.train())
        if (outcome !== "counted")
          throw new Error(`round ${number} did not count member ${index}: ${outcome}`);
      await member.close();
      return keypair;
    }),
  );
}
