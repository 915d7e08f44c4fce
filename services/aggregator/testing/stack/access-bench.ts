import assert from "node:assert/strict";
import { memberExit, PROGRAM_ID, sendTransaction } from "@plenary/chain";
import { ERROR_STATUS, isErrorCode, toBase58 } from "@plenary/protocol";
import { Connection, Keypair, PublicKey } from "@solana/web3.js";
import { opened } from "../../../../testing/index.ts";
import { readConfig } from "../../processes/config.ts";
import { createLog } from "../../processes/service.ts";
import { startServer } from "../../processes/start-server.ts";
import { clientOf, type TestClient } from "../actors/client.ts";
import type { Answer, Scene } from "../actors/route-table.ts";
import { submitAll, waitForEvent } from "../actors/scenario.ts";
import type { Target } from "../actors/strangers.ts";
import { createFederation, type TestFederation } from "../chain/federation.ts";
import { freePort } from "./processes.ts";
import { type Stack, startStack } from "./stack.ts";

export const OPERATOR_PASSWORD = "the operator's password";
const PARAMETERS = 20;

/**
 * The service in this process, with a public and a private federation, each after its first round.
 */
export interface AccessBench {
  readonly stack: Stack;
  readonly client: TestClient;
  readonly scenes: Readonly<Record<"public" | "private", Scene>>;
  /** Asks once with each set of headers; returns the last answer. */
  ask(
    target: Target,
    approaches: readonly Record<string, string>[],
    type?: string,
  ): Promise<Answer>;
  stop(): Promise<void>;
}

export async function openAccessBench(): Promise<AccessBench> {
  const stack = await startStack({ redis: true });
  const port = await freePort();
  const environment = {
    ...stack.environment(port),
    PLENARY_OPERATOR_PASSWORD: OPERATOR_PASSWORD,
  };
  const stopServer = opened(
    await startServer(createLog("test", "silent"), { config: readConfig(environment) }),
  );
  await stack.startWorker();
  const client = clientOf(`http://127.0.0.1:${port}`);
  const [open, closed] = await Promise.all([
    playFirstRound(stack, client, undefined),
    playFirstRound(stack, client, "private"),
  ]);
  return {
    stack,
    client,
    scenes: {
      public: await sceneOf(stack, client, open, closed),
      private: await sceneOf(stack, client, closed, open),
    },
    ask: (target, approaches, type) => ask(client.origin, target, approaches, type),
    async stop() {
      await stopServer();
      await stack.stop();
    },
  };
}

async function sceneOf(
  stack: Stack,
  client: TestClient,
  federation: TestFederation,
  other: TestFederation,
): Promise<Scene> {
  const [exited, member] = federation.members;
  const [, foreign] = other.members;
  assert.ok(exited && member && foreign);
  const cast = {
    service: await client.identity(),
    stranger: Keypair.generate(),
    otherMember: foreign.owner,
    exitedMember: exited.owner,
    member: member.owner,
    updateKey: member.updateKey,
    authority: federation.authority,
    aggregator: stack.aggregator,
  };
  return { federation, address: toBase58(federation.address), exited, cast };
}

/** A federation after its first round, with a member that has left and earned. */
async function playFirstRound(
  stack: Stack,
  client: TestClient,
  visibility: "private" | undefined,
): Promise<TestFederation> {
  const federation = await createFederation({
    rpcUrl: stack.rpcUrl,
    aggregator: stack.aggregator,
    members: 3,
    parameterCount: PARAMETERS,
    // Blobs that both had would be public.
    model: new Int32Array(PARAMETERS).fill(visibility === "private" ? 1 : 2),
    configuration: (defaults) => ({
      ...defaults,
      ...(visibility && { visibility }),
      rounds: { ...defaults.rounds, quorum: 2 },
    }),
  });
  const [exited, member] = federation.members;
  assert.ok(exited && member);
  const reader = clientOf(client.origin, visibility && federation.authority);
  await client.register(federation);
  await waitForEvent(reader, federation, "round-opened", 1n);
  const exit = { federation: new PublicKey(federation.address), owner: exited.owner.publicKey };
  await sendTransaction(new Connection(stack.rpcUrl, "confirmed"), memberExit(PROGRAM_ID, exit), [
    federation.authority,
    exited.owner,
  ]);
  await submitAll(reader, federation, 1n, [exited, member]);
  await waitForEvent(reader, federation, "round-final", 1n);
  await waitForEvent(reader, federation, "round-opened", 2n);
  return federation;
}

async function ask(
  origin: string,
  { method, path, body }: Target,
  approaches: readonly Record<string, string>[],
  type: string | undefined,
): Promise<Answer> {
  let answer: Answer = 0;
  for (const headers of approaches) {
    const response = await fetch(new URL(path, origin), {
      method,
      headers: { ...headers, ...(type && { "content-type": type }) },
      ...(type && { body: Buffer.from(body) }),
    });
    answer = await answerOf(response);
  }
  return answer;
}

async function answerOf(response: Response): Promise<Answer> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return response.status;
  }
  const text = await response.text();
  const named = response.ok ? undefined : /"error":\{"code":"([a-z-]+)"/.exec(text)?.[1];
  return named ?? response.status;
}

/** The status with which an answer comes. */
export function statusOf(answer: Answer): number {
  if (typeof answer === "number") return answer;
  assert.ok(isErrorCode(answer));
  return ERROR_STATUS[answer];
}
