import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import type { FederationConfiguration } from "@plenary/protocol";
import {
  connectTo,
  createFederation,
  createServiceClient,
  type Dataset,
  loadDataset,
  mintTo,
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
const STAKE = 5_000_000n;

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
  const folder = await mkdtemp(join(tmpdir(), "plenary-journey-"));
  const { PATH = "" } = process.env;
  const config = readConfig({ PATH, PLENARY_HOME: join(folder, "home") }, ROOT);
  const home = await openHome(config.home);
  const log: string[] = [];
  const supervisor = new Supervisor(home, (line) => log.push(line));
  t.after(async () => {
    await supervisor.stop();
    home.close();
    await rm(folder, { recursive: true, force: true });
  });
  const aggregator = keepKeypair(home, "aggregator");
  const stack = await startStack({
    config,
    root: ROOT,
    home,
    supervisor,
    ports: new Ports(),
    log: (line) => log.push(line),
  });
  return { stack, aggregator, folder, blobs: home.folder("blobs") };
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

/** Two members make a round; pay goes by data size, so that every member earns. */
export async function foundFederation(
  { stack, aggregator }: Ground,
  rounds: Partial<FederationConfiguration["rounds"]>,
): Promise<Founded> {
  const connection = connectTo(stack.rpcUrl);
  const authority = Keypair.generate();
  for (const key of [authority, aggregator]) await requestSol(connection, key.publicKey, 5);
  const dataset = await loadDataset("gss");
  const plan = planFederation({
    name: "journey",
    dataset,
    heldOut: dataset.answersOf(dataset.split(7).unseen.slice(0, 2)),
    quorum: 2,
    seed: 3,
    contribution: { name: "data-size", cap: 4096 },
    rounds,
  });
  const { address, rewardMint } = await createFederation({
    connection,
    client: createServiceClient({ url: stack.serviceUrl }),
    program: stack.program,
    authority,
    aggregator,
    plan,
    terms: { minimumStake: STAKE, minimumBond: STAKE, challengeWindow: 1 },
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
