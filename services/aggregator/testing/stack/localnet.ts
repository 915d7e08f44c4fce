import { join } from "node:path";
import { Connection, Keypair } from "@solana/web3.js";
import { giveSol, HurriedClock } from "../../../../testing/index.ts";
import { freePort, repositoryFile, startProcess, type TestProcess } from "./processes.ts";

/** A local chain with the program, a process of its own. */
export interface Localnet {
  readonly rpcUrl: string;
  /** The running node. */
  readonly process: TestProcess;
  /** SIGKILL, and another node on the same ledger. */
  restart(): Promise<void>;
  /** As HurriedClock.pass, on a hurried chain. */
  passTime(seconds: number): void;
}

/** Starts a node with its ledger in `folder`. Time passes by itself unless it is `hurried`. */
export async function startLocalnet(folder: string, hurried: boolean): Promise<Localnet> {
  const port = await freePort();
  const ledger = join(folder, "ledger");
  const clockFile = join(folder, "clock");
  const clock = hurried ? new HurriedClock(clockFile) : undefined;
  const start = () => (hurried ? startHurried(port, ledger, clockFile) : startNode(port, ledger));
  let process = await start();
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    get process() {
      return process;
    },
    async restart() {
      await process.kill();
      process = await start();
    },
    passTime(seconds) {
      if (clock === undefined)
        throw new Error("Time passes by itself on a chain that is not hurried.");
      clock.pass(seconds);
    },
  };
}

/** A new key with more SOL than any test needs. */
export async function fundedKeypair(rpcUrl: string): Promise<Keypair> {
  const keypair = Keypair.generate();
  await giveSol(new Connection(rpcUrl, "confirmed"), keypair.publicKey, 1_000);
  return keypair;
}

function startNode(port: number, ledger: string): Promise<TestProcess> {
  return startProcess(process.execPath, [repositoryFile("services/localnet/main.ts")], {
    env: { PLENARY_LOCALNET_PORT: String(port), PLENARY_LOCALNET_LEDGER: ledger },
    ready: '"msg":"ready"',
  });
}

function startHurried(port: number, ledger: string, clockFile: string): Promise<TestProcess> {
  const script = repositoryFile("services/localnet/testing/hurried-node.ts");
  return startProcess(process.execPath, [script, String(port), ledger, clockFile], {
    ready: '"msg":"ready"',
  });
}
