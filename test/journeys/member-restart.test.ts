/**
 * A killed member continues where it stopped. A member that lost its memory, or is lied to, does no
 * harm.
 */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type TestContext, test } from "node:test";
import { ENDPOINTS } from "@plenary/protocol";
import { createKeypair, createServiceClient, openFederation, readKeypair } from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { linesOf } from "../../testing/index.ts";
import { foundFederation, ROOT, startGround } from "./local-federation.ts";

interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A `plenary train --json` process whose lines are read one by one. */
interface Trainer {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly seen: Line[];
  /** Reads on to the next line of this event. Fails if the process ends before. */
  until(event: string): Promise<Line>;
  kill(): Promise<void>;
}

function startTrainer(t: TestContext, args: readonly string[]): Trainer {
  const command = [join(ROOT, "clients/cli/main.ts"), "train", "--json", ...args];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const unread: Line[] = [];
  const said = linesOf(child, (line) => void unread.push(JSON.parse(line)));
  const seen: Line[] = [];
  return {
    process: child,
    seen,
    until: (event) =>
      said.until(`a line of the event ${event}`, () => {
        const place = unread.findIndex((line) => line.event === event);
        if (place === -1) return undefined;
        seen.push(...unread.splice(0, place + 1));
        return seen.at(-1);
      }),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

test("kill -9 after the upload, during training, and with the state folder lost", async (t) => {
  const ground = await startGround(t);
  const { stack, folder } = ground;
  const founded = await foundFederation(ground, { total: 3 });
  const [mine = "", other = ""] = founded.dataset.split(7).training;
  const file = (name: string) => join(folder, name);
  await createKeypair(file("key.json"));
  const owner = (await readKeypair(file("key.json"))).publicKey;
  const neighbour = Keypair.generate();
  for (const key of [owner, neighbour.publicKey]) await founded.equip(key);
  const [group] = founded.dataset.answersOf([mine]).groups;
  const rows = group?.answers.map((answer) => JSON.stringify({ ...answer, group: mine })) ?? [];
  await writeFile(file("answers.jsonl"), rows.join("\n"));
  const args = ["--rpc", stack.rpcUrl, "--keypair", file("key.json")];
  const train = (service = stack.serviceUrl) => {
    const own = ["--data", file("answers.jsonl"), "--state", file("state"), "--seed", "5"];
    return startTrainer(t, ["--service", service, ...args, ...own]);
  };

  const federation = await openFederation({ service: stack.serviceUrl, rpc: stack.rpcUrl });
  const client = createServiceClient({ url: stack.serviceUrl });
  const state = file("neighbour");
  const answers = founded.dataset.answersOf([other]);
  const second = await federation.join({ keypair: neighbour, answers, state });
  const finishRound = async () => {
    for await (const { outcome } of second.train({ rounds: 1 })) assert.equal(outcome, "counted");
  };
  const sequenceOf = async (round: string, member: string) => {
    const params = { federation: founded.address.toBase58(), round, member };
    return (await client.call(ENDPOINTS.updateRead, { params })).update.sequence;
  };

  let trainer = train();
  const member = String((await trainer.until("joined")).member);
  const sent = await trainer.until("uploaded");
  await trainer.kill();
  // Otherwise the training could be over, and its update sent, before the process is killed.
  trainer = train(await withoutUploads(t, stack.serviceUrl));
  await trainer.until("waiting");
  await finishRound();
  assert.equal((await trainer.until("settled")).outcome, "counted");
  assert.ok(!trainer.seen.some(({ event }) => event === "training" || event === "uploading"));
  assert.equal(await sequenceOf("1", member), String(sent.sequence));

  await trainer.until("training");
  await trainer.kill();
  trainer = train();
  assert.equal((await trainer.until("uploaded")).sequence, "1");
  await finishRound();
  assert.equal((await trainer.until("settled")).outcome, "counted");

  await trainer.until("uploaded");
  await trainer.kill();
  await rm(file("state"), { recursive: true });
  await refuseLies(t, stack.serviceUrl, stack.rpcUrl, {
    folder: file("lied-to"),
    owner: file("key.json"),
    answers: mine,
    founded,
  });
  trainer = train();
  assert.equal((await trainer.until("uploaded")).sequence, "2");
  await finishRound();
  assert.equal((await trainer.until("settled")).outcome, "counted");
  await trainer.until("finished");
  const [code] =
    trainer.process.exitCode === null
      ? await once(trainer.process, "exit")
      : [trainer.process.exitCode];
  assert.equal(code, 0);
  assert.equal(await sequenceOf("3", member), "2");
  await second.close();
});

/** The service, except that uploads get no answer. */
async function withoutUploads(t: TestContext, service: string): Promise<string> {
  return listening(t, async ({ url = "/", method, headers }, response) => {
    if (method !== "GET") return;
    const range = headers.range === undefined ? {} : { headers: { range: headers.range } };
    const { status, headers: answered, body } = await fetch(`${service}${url}`, range);
    const passed = ["content-type", "content-range"].flatMap((name) => {
      const value = answered.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    response.writeHead(status, Object.fromEntries(passed));
    if (body === null) response.end();
    else await pipeline(body, response);
  });
}

async function listening(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<string> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Victim {
  readonly folder: string;
  readonly owner: string;
  readonly answers: string;
  readonly founded: Awaited<ReturnType<typeof foundFederation>>;
}

/**
 * A service that shows another model than the one on chain gets no update, because nothing is
 * trained.
 */
async function refuseLies(
  t: TestContext,
  service: string,
  rpc: string,
  victim: Victim,
): Promise<void> {
  const { configuration } = await openFederation({ service, rpc });
  const firstModel = configuration.initialModel;
  const liar = await listening(t, async ({ url = "/", headers }, response) => {
    // Without the event stream the member polls.
    if (url.endsWith("/events")) return void response.writeHead(404).end();
    const range = headers.range === undefined ? {} : { headers: { range: headers.range } };
    const answer = await fetch(`${service}${url}`, range);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isRound = url.endsWith("/rounds/current");
    const body = isRound
      ? JSON.stringify({ ...JSON.parse(bytes.toString()), baseBlob: firstModel })
      : bytes;
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(body);
  });
  const federation = await openFederation({ service: liar, rpc });
  const keypair = await readKeypair(victim.owner);
  const answers = victim.founded.dataset.answersOf([victim.answers]);
  const member = await federation.join({ keypair, answers, state: victim.folder });
  const events: string[] = [];
  await assert.rejects(
    async () => {
      for await (const _ of member.train({ onEvent: ({ type }) => events.push(type) }))
        assert.fail("trained");
    },
    { code: "verification-failed", message: /not the one whose root is recorded on chain/ },
  );
  assert.ok(!events.includes("training"));
  await member.close();
}
