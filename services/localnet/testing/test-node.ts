import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Connection, Keypair, LAMPORTS_PER_SOL } from "@solana/web3.js";
import type { Settings } from "../config.ts";
import { type LocalnetNode, startNode } from "../node.ts";
import { ManualClock } from "./manual-clock.ts";

/** A new empty folder that is removed when the process ends, after everything in it is closed. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "plenary-localnet-"));
  if (FOLDERS.length === 0)
    process.once("exit", () => {
      for (const made of FOLDERS) rmSync(made, { recursive: true, force: true });
    });
  FOLDERS.push(folder);
  return folder;
}

const FOLDERS: string[] = [];

/**
 * The requests of a web3.js connection, which still asks in the background after a call returned.
 */
export class Requests {
  readonly #running = new Set<Promise<unknown>>();
  readonly #listeners = new Map<string, () => void>();

  readonly fetch = async (...args: Parameters<typeof fetch>): Promise<Response> => {
    const running = this.#run(...args);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      for (const [text, listener] of this.#listeners)
        if (String(args[1]?.body).includes(text)) listener();
    }
  };

  /** Resolves when a request whose body includes `text` has been answered. */
  async answered(text: string): Promise<void> {
    await new Promise<void>((resolve) => this.#listeners.set(text, resolve));
    this.#listeners.delete(text);
  }

  /** Resolves when no request is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #run(...args: Parameters<typeof fetch>): Promise<Response> {
    const response = await fetch(...args);
    return new Response(await response.text(), response);
  }
}

export interface TestNode {
  readonly requests: Requests;
  readonly node: LocalnetNode;
  readonly clock: ManualClock;
  /** What the node reported as its own faults. */
  readonly faults: unknown[];
  /** A web3.js connection at `confirmed`. */
  readonly connection: Connection;
  /** Lets `slots` begin. */
  readonly advance: (slots: number) => void;
  /** A new keypair with `sol` SOL. */
  readonly funded: (sol?: number) => Promise<Keypair>;
}

/** Starts a node in this process under a clock that stands still, by default in a new folder. */
export async function startTestNode(
  t: TestContext,
  settings: Partial<Settings> = {},
  clock = new ManualClock(),
): Promise<TestNode> {
  const faults: unknown[] = [];
  const node = await startNode(
    {
      port: 0,
      host: "127.0.0.1",
      ledger: settings.ledger ?? temporaryFolder(),
      programs: [],
      historyBytes: 64 * 1024 * 1024,
      segmentBytes: 8 * 1024 * 1024,
      ...settings,
    },
    {
      clock: clock.read,
      onInternalError: (error) => faults.push(error),
      onLedgerFailure: (error) => faults.push(error),
    },
  );
  const requests = new Requests();
  const connection = new Connection(node.rpcUrl, {
    commitment: "confirmed",
    fetch: requests.fetch,
  });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    stopWebSocket(connection);
    await requests.settled();
    await node.close();
  };
  t.after(close);
  return {
    requests,
    node: { ...node, close },
    clock,
    faults,
    connection,
    advance: (slots) => {
      clock.advanceSlots(slots);
      node.tick();
    },
    funded: async (sol = 10) => {
      const keypair = Keypair.generate();
      await connection.confirmTransaction(
        await connection.requestAirdrop(keypair.publicKey, Math.round(sol * LAMPORTS_PER_SOL)),
      );
      return keypair;
    },
  };
}

/** web3.js cannot close a connection, and its socket would try to reconnect for ever. */
function stopWebSocket(connection: Connection): void {
  const socket: unknown = Reflect.get(connection, "_rpcWebSocket");
  if (typeof socket !== "object" || socket === null) return;
  Reflect.set(socket, "reconnect", false);
  if ("close" in socket && typeof socket.close === "function") socket.close();
}

/** One JSON-RPC call without any client library; the response as it came. */
export async function call(url: string, method: string, params: unknown = []): Promise<unknown> {
  return post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
}

/** Posts a body to the node and parses what comes back. */
export async function post(url: string, body: string): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return response.json();
}
