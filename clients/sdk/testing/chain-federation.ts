import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  federationAddress,
  federationCreate,
  MINT_LENGTH,
  mintCreate,
  PROGRAM_ID,
  readChainTime,
  readFederation,
  roundCommit,
  roundOpen,
  sendTransaction,
  type Terms,
  tokenAccountAddress,
  tokenAccountCreate,
} from "@plenary/chain";
import { EMPTY_ROOT, sha256 } from "@plenary/protocol";
import { type Connection, Keypair, type PublicKey } from "@solana/web3.js";
import { connectTo } from "../access/index.ts";
import { mintTo, requestSol } from "../founding/index.ts";

/** A chain of a test's own, with the committed program. */
export interface TestChain {
  readonly connection: Connection;
  stop(): Promise<void>;
}

export async function startChain(): Promise<TestChain> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-sdk-"));
  const node = spawn(
    process.execPath,
    [join(import.meta.dirname, "../../../services/localnet/main.ts")],
    {
      env: {
        ...process.env,
        PLENARY_LOCALNET_PORT: "0",
        PLENARY_LOCALNET_LEDGER: join(folder, "ledger"),
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const stop = async () => {
    node.kill("SIGTERM");
    if (node.exitCode === null) await once(node, "exit");
    await rm(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: node.stdout })) {
    const { rpc }: { rpc?: string } = JSON.parse(line);
    if (rpc !== undefined) return { connection: connectTo(rpc), stop };
  }
  throw new Error("the chain ended before it was ready");
}

/** A federation whose rounds the test itself opens and commits: nobody trains, and no service runs. */
export interface ChainFederation {
  readonly connection: Connection;
  readonly program: PublicKey;
  readonly address: PublicKey;
  readonly rewardMint: PublicKey;
  readonly authority: Keypair;
  readonly aggregator: Keypair;
  /** SOL for fees, and reward tokens. */
  equip(owner: PublicKey, tokens?: bigint): Promise<void>;
  tokensOf(owner: PublicKey): PublicKey;
  openRound(): Promise<bigint>;
  commitRound(): Promise<void>;
  /** Waits until the chain's clock shows more than `time` (Unix seconds). */
  past(time: bigint): Promise<void>;
}

const digest = (label: string) => sha256(new TextEncoder().encode(label));

export async function createChainFederation(
  { connection }: TestChain,
  terms: Partial<Terms>,
): Promise<ChainFederation> {
  const [authority, aggregator, mint] = [
    Keypair.generate(),
    Keypair.generate(),
    Keypair.generate(),
  ];
  for (const key of [authority, aggregator]) await requestSol(connection, key.publicKey, 5);
  const rewardMint = mint.publicKey;
  const payer = authority.publicKey;
  const rent = await connection.getMinimumBalanceForRentExemption(MINT_LENGTH);
  const instructions = [
    ...mintCreate({ payer, mint: rewardMint, authority: payer, decimals: 6, rent }),
    ...tokenAccountCreate({ payer, mint: rewardMint, owner: payer }),
    ...federationCreate(PROGRAM_ID, {
      authority: payer,
      rewardMint,
      id: 1n,
      terms: termsOf(aggregator.publicKey, terms),
      modelRoot: digest("model"),
      stateRoot: EMPTY_ROOT,
      parameterCount: 10,
      rules: {
        aggregator: 0,
        strategy: 0,
        masking: 0,
        stateVectors: 0,
        provable: true,
        parameters: [0, 0, 0, 0, 0, 0, 0, 0],
      },
    }),
  ];
  await sendTransaction(connection, instructions, [authority, mint]);
  const address = federationAddress(PROGRAM_ID, payer, 1n);
  const collectSeconds = terms.collectLimit ?? COLLECT_SECONDS;
  return {
    ...{ connection, program: PROGRAM_ID, address, rewardMint, authority, aggregator },
    tokensOf: (owner) => tokenAccountAddress(rewardMint, owner),
    async equip(owner, tokens = 0n) {
      await requestSol(connection, owner, 1);
      if (tokens > 0n)
        await mintTo(connection, { authority, mint: rewardMint, owner, amount: tokens });
    },
    ...roundsOf(connection, address, aggregator, collectSeconds),
    async past(time) {
      while ((await readChainTime(connection)) <= time)
        await new Promise((resolve) => setTimeout(resolve, 100));
    },
  };
}

const COLLECT_SECONDS = 600;

function termsOf(aggregator: PublicKey, terms: Partial<Terms>): Terms {
  return {
    aggregator,
    admission: "open",
    configurationHash: digest("configuration"),
    maxUpdates: 16,
    maxWeight: 1000,
    rewardPerRound: 10n,
    minimumStake: 0n,
    minimumBond: 0n,
    challengeWindow: 1,
    collectLimit: COLLECT_SECONDS,
    grace: 600,
    exitCooldown: 1,
    ...terms,
  };
}

function roundsOf(
  connection: Connection,
  federation: PublicKey,
  aggregator: Keypair,
  collectSeconds: number,
): Pick<ChainFederation, "openRound" | "commitRound"> {
  const signer = { federation, aggregator: aggregator.publicKey };
  const current = async () => {
    const account = await readFederation(connection, federation);
    if (account === null) throw new Error("there is no such federation");
    return account;
  };
  return {
    async openRound() {
      const { nextRound: number, lastModelRoot: baseRoot } = await current();
      const round = { number, baseRoot, baseStateRoot: EMPTY_ROOT, collectSeconds };
      const open = { ...signer, ...round, payer: aggregator.publicKey };
      await sendTransaction(connection, roundOpen(PROGRAM_ID, open), [aggregator]);
      return number;
    },
    async commitRound() {
      const { openRound: number } = await current();
      const result = {
        nextRoot: digest(`model ${number}`),
        nextStateRoot: EMPTY_ROOT,
        updatesRoot: digest("updates"),
        updateCount: 1,
        totalWeight: 1,
        rewardsRoot: EMPTY_ROOT,
        rewardCount: 0,
        cumulativeRewards: 0n,
        manifestHash: digest("manifest"),
      };
      await sendTransaction(connection, roundCommit(PROGRAM_ID, { ...signer, number, result }), [
        aggregator,
      ]);
    },
  };
}
