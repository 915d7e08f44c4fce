import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Ports } from "@plenary/stack";
import { preparePython, pythonEnvironment } from "../python.ts";

const script = (name: string) => fileURLToPath(new URL(`../flower/${name}`, import.meta.url));
const ERROR_TAIL = 2_000;

/** Flower's server and clients, each a process of its own, waiting for rounds to be requested. */
export interface FlowerFederation {
  /** Seconds of one fit round: from the choice of clients until the new global parameters exist. */
  round(): Promise<number>;
  stop(): Promise<void>;
}

export interface FlowerSettings {
  readonly clients: number;
  readonly parameters: number;
  /** How many rounds can be requested. */
  readonly rounds: number;
  readonly ports: Ports;
}

/**
 * Starts a server and its clients over gRPC on loopback; resolves when all clients are connected.
 */
export async function startFlower(settings: FlowerSettings): Promise<FlowerFederation> {
  const { clients, parameters, rounds } = settings;
  const python = await preparePython("flower");
  const port = await settings.ports.take({ purpose: "Flower's server", preferred: 7090 });
  const address = `127.0.0.1:${port}`;
  const children: ChildProcess[] = [];
  const start = (name: string, args: readonly number[]) => {
    const child = spawn(python, [script(name), address, ...args.map(String)], {
      env: pythonEnvironment(),
      stdio: ["pipe", "pipe", "pipe"],
    });
    children.push(child);
    return child;
  };
  const server = start("round_server.py", [clients, parameters, rounds]);
  let errors = "";
  server.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-ERROR_TAIL);
  });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const read = async (field: string): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`Flower's server ended.\n${errors}`);
    const message: unknown = JSON.parse(value);
    if (typeof message === "object" && message !== null && field in message)
      return Object.entries(message).find(([name]) => name === field)?.[1];
    throw new Error(`Flower's server said ${value} where "${field}" was expected.`);
  };
  for (let index = 0; index < clients; index++) {
    const client = start("round_client.py", [index, parameters]);
    client.stdout.resume();
    client.stderr.resume();
  }
  await read("ready");
  const signal = (name: "SIGSTOP" | "SIGCONT") => {
    for (const child of children) child.kill(name);
  };
  signal("SIGSTOP");
  return {
    async round() {
      signal("SIGCONT");
      server.stdin.write("round\n");
      const seconds = Number(await read("seconds"));
      await read("ready");
      // Its clients' threads wake up all the time, which must not slow down the other side.
      signal("SIGSTOP");
      return seconds;
    },
    async stop() {
      const ended = children.map(
        (child) =>
          new Promise<void>((resolve) =>
            child.exitCode === null && child.signalCode === null
              ? child.once("exit", () => resolve())
              : resolve(),
          ),
      );
      for (const child of children.toReversed()) child.kill("SIGKILL");
      await Promise.all(ended);
    },
  };
}
