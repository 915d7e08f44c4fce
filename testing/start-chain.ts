import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { disconnect, readChainTime } from "@plenary/chain";
import { Connection, LAMPORTS_PER_SOL, type PublicKey } from "@solana/web3.js";
import { HurriedClock } from "./hurried-clock.ts";
import { opened } from "./left-open.ts";
import { until } from "./until.ts";

/** A chain for one test file, with the committed program. */
export interface TestChain {
  readonly connection: Connection;
  /** Resolves when the chain's clock shows more than `time` (Unix seconds), which is soon. */
  past(time: bigint): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a local node on which time can pass at once. Throws if it ends before it is ready. */
export async function startChain(): Promise<TestChain> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-chain-"));
  const clockFile = join(folder, "clock");
  const clock = new HurriedClock(clockFile);
  const main = join(import.meta.dirname, "../services/localnet/testing/hurried-node.ts");
  const node = spawn(process.execPath, [main, "0", join(folder, "ledger"), clockFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = opened(async () => {
    node.kill("SIGTERM");
    if (node.exitCode === null && node.signalCode === null) await once(node, "exit");
    await rm(folder, { recursive: true, force: true });
  });
  for await (const line of createInterface({ input: node.stdout })) {
    const { rpc }: { rpc?: string } = JSON.parse(line);
    if (rpc === undefined) continue;
    const connection = new Connection(rpc, "confirmed");
    return {
      connection,
      past: (time) => chainPast(connection, time, (seconds) => clock.pass(seconds)),
      async stop() {
        disconnect(connection);
        await end();
      },
    };
  }
  throw new Error("The chain ended before it was ready.");
}

/** Gives an account SOL, and resolves when the account has it. */
export async function giveSol(connection: Connection, owner: PublicKey, sol = 1): Promise<void> {
  const signature = await connection.requestAirdrop(owner, sol * LAMPORTS_PER_SOL);
  await until(`an airdrop for ${owner.toBase58()}`, async () => {
    const { value } = await connection.getSignatureStatuses([signature]);
    return value[0]?.confirmationStatus !== undefined;
  });
}

/** Waits, or lets time pass, until the chain's clock shows more than `time` (Unix seconds). */
export async function chainPast(
  connection: Connection,
  time: bigint,
  passTime?: (seconds: number) => void,
): Promise<void> {
  const missing = time + 1n - (await readChainTime(connection));
  if (missing > 0n) passTime?.(Number(missing));
  await until(`the chain's time ${time}`, async () => (await readChainTime(connection)) > time);
}
