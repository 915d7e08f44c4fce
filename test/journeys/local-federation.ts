import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { bondDeposit, sendTransaction, tokenAccountAddress } from "@plenary/chain";
import type { FederationConfiguration } from "@plenary/protocol";
import {
  connectTo,
  createFederation,
  createServiceClient,
  type Dataset,
  type FederationPlan,
  joinFederation,
  loadDataset,
  mintTo,
  openAccess,
  openFederation,
  planFederation,
  requestSol,
} from "@plenary/sdk";
import { Keypair, type PublicKey } from "@solana/web3.js";
import { readConfig } from "../../deploy/local/config.ts";
import { openHome } from "../../deploy/local/home.ts";
import { keepKeypair } from "../../deploy/local/keys.ts";
import { Ports } from "../../deploy/local/ports.ts";
import { Supervisor } from "../../deploy/local/processes.ts";
import { type Stack, startStack } from "../../deploy/local/stack.ts";

export const ROOT = resolve(import.meta.dirname, "../..");
/** What members stake, the aggregator's bond, and what whoever is equipped holds; in base units of the reward mint. */
export const STAKE = 5_000_000n;

/** Database, queue, chain and service of a test's own: real processes, ended with the test. */
export interface Ground {
  readonly stack: Stack;
  readonly aggregator: Keypair;
  /** Where the service keeps its blobs: a mirror, for who has a copy. */
  readonly blobs: string;
  /** A folder of the test's own. */
  readonly folder: string;
}

export async function startGround(t: TestContext): Promise<Ground> {
  const { ground, close } = await openGround();
  t.after(close);
  return ground;
}

/** A ground that its caller closes. `worker`: see startStack. */
export async function openGround(
  worker?: readonly [string, ...string[]],
): Promise<{ ground: Ground; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-journey-"));
  const { PATH = "" } = process.env;
  const config = readConfig({ PATH, PLENARY_HOME: join(folder, "home") }, ROOT);
  const home = await openHome(config.home);
  const log = () => undefined;
  const supervisor = new Supervisor(home, log);
  const close = async () => {
    await supervisor.stop();
    home.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const aggregator = keepKeypair(home, "aggregator");
    const settings = { config, root: ROOT, home, supervisor, ports: new Ports(), log };
    const stack = await startStack({ ...settings, ...(worker && { worker }) });
    return { ground: { stack, aggregator, folder, blobs: home.folder("blobs") }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A federation on a ground, with what it takes to equip members of it. */
export interface Founded {
  readonly address: PublicKey;
  readonly authority: Keypair;
  readonly rewardMint: PublicKey;
  readonly dataset: Dataset;
  /** Money for fees and tokens for the stake. */
  equip(owner: PublicKey): Promise<void>;
}

/** Two members make a round; pay goes by data size, so that every member earns. `challengeWindow` in seconds. */
export async function foundFederation(
  { stack, aggregator }: Ground,
  rounds: Partial<FederationConfiguration["rounds"]>,
  challengeWindow = 1,
  plan: Partial<FederationPlan> = {},
): Promise<Founded> {
  const connection = connectTo(stack.rpcUrl);
  const authority = Keypair.generate();
  for (const key of [authority, aggregator]) await requestSol(connection, key.publicKey, 5);
  const dataset = await loadDataset("gss");
  const planned = planFederation({
    name: "journey",
    dataset,
    heldOut: dataset.answersOf(dataset.split(7).unseen.slice(0, 2)),
    quorum: 2,
    seed: 3,
    contribution: { name: "data-size", cap: 4096 },
    rounds,
    ...plan,
  });
  const { address, rewardMint } = await createFederation({
    connection,
    client: createServiceClient({ url: stack.serviceUrl }),
    program: stack.program,
    authority,
    aggregator,
    plan: planned,
    terms: { minimumStake: STAKE, minimumBond: STAKE, challengeWindow },
  });
  return {
    address,
    authority,
    rewardMint,
    dataset,
    async equip(owner) {
      await requestSol(connection, owner, 1);
      await mintTo(connection, { authority, mint: rewardMint, owner, amount: STAKE });
    },
  };
}

/** After a challenge that was upheld: the aggregator posts the whole bond anew, without which no round opens. */
export async function bondAgain(
  { stack, aggregator }: Ground,
  { address, authority, rewardMint }: Founded,
): Promise<void> {
  const connection = connectTo(stack.rpcUrl);
  const owner = aggregator.publicKey;
  await mintTo(connection, { authority, mint: rewardMint, owner, amount: STAKE });
  const source = tokenAccountAddress(rewardMint, owner);
  const deposit = { federation: address, rewardMint, aggregator: owner, source, amount: STAKE };
  await sendTransaction(connection, bondDeposit(stack.program, deposit), [aggregator]);
}

/** Members of it take part in every round, each with the answers of one group. Resolves with their keypairs when the federation is complete. */
export async function runMembers({ stack, folder }: Ground, founded: Founded, count = 2): Promise<Keypair[]> {
  const groups = founded.dataset.split(7).training;
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const keypair = Keypair.generate();
      await founded.equip(keypair.publicKey);
      const options = { service: stack.serviceUrl, rpc: stack.rpcUrl, keypair };
      // A private federation shows its questions to members only: they join before they open it.
      await joinFederation(await openAccess(options), { keypair });
      const federation = await openFederation(options);
      const answers = founded.dataset.answersOf([groups[index] ?? ""]);
      const member = await federation.join({ keypair, answers, state: join(folder, `member-${index}`) });
      for await (const { number, outcome } of member.train())
        if (outcome !== "counted")
          throw new Error(`round ${number} did not count member ${index}: ${outcome}`);
      await member.close();
      return keypair;
    }),
  );
}
