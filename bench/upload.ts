/**
 * `npm run bench -- upload`: signed updates of 4 MB to the service (POST
 * .../rounds/:round/updates), against a bare node:http receiver that hashes the payload and syncs
 * it to the disk.
 *
 * Both answer when the payload is durable. The service also checks envelope, signature and
 * membership, writes the update to PostgreSQL, signs a receipt and queues the screening. Its
 * worker, another process, is stopped meanwhile: what it does afterwards is part of bench/round.ts.
 * Batches of both alternate, after a warm-up; figures are medians. Options: --bytes N, --uploads N
 * (a batch), --batches N, --connections N.
 */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { vectorRootFast } from "@plenary/algorithms";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  encodeEnvelope,
  type FederationView,
  fromBase58,
  fromHex,
  SIGNATURE_HEADER,
  sha256,
  signMessage,
  toBase64,
  urlOf,
  vectorFromBytes,
  ZERO_HASH,
} from "@plenary/protocol";
import { describeMachine, median, positiveInteger } from "./round/measure.ts";
import { type BenchFederation, type BenchStack, startBenchStack } from "./round/stack.ts";
import { type PreparedUpload, Sender } from "./upload/sender.ts";

const { values } = parseArgs({
  options: {
    bytes: { type: "string", default: "4000000" },
    uploads: { type: "string", default: "40" },
    batches: { type: "string", default: "9" },
    connections: { type: "string", default: "10" },
  },
});
const bytes = positiveInteger("bytes", values.bytes);
const uploads = positiveInteger("uploads", values.uploads);
const batches = positiveInteger("batches", values.batches);
const connections = positiveInteger("connections", values.connections);
const WARMUP = 2;
/**
 * One stays away; a member's next update is sent when half of the others have sent theirs, so that
 * sequences arrive in order.
 */
const MEMBERS = 2 * connections + 1;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Payloads of int32 codec within the range of an update. */
function randomPayload(): Uint8Array {
  const payload = new Uint8Array(randomBytes(bytes));
  const entries = new Int32Array(payload.buffer);
  for (let i = 0; i < entries.length; i++) entries[i] = entries[i]! >> 11;
  return payload;
}

/**
 * Signs uploads for a round, each with its own sequence. One member stays away, so that the round
 * continues.
 */
function prepare(federation: BenchFederation, view: FederationView, round: string) {
  const address = federation.address.toBase58();
  const path = urlOf(ENDPOINTS.updateSubmit, { federation: address, round });
  const uploaders = federation.members.slice(1);
  const payloads = uploaders.map(() => {
    const payload = randomPayload();
    return { payload, hash: sha256(payload), root: vectorRootFast(vectorFromBytes(payload)) };
  });
  let sequence = 0;
  const next = (): PreparedUpload => {
    const index = sequence++ % uploaders.length;
    const [member, content] = [uploaders[index]!, payloads[index]!];
    const message = encodeEnvelope({
      genesisHash: fromHex(view.genesisHash, 32),
      programId: fromBase58(view.programId),
      federation: federation.address.toBytes(),
      round: BigInt(round),
      member: member.address.toBytes(),
      baseRoot: fromHex(view.modelRoot, 32),
      sequence: BigInt(sequence),
      codec: 0,
      payloadLength: bytes,
      payloadHash: content.hash,
      weight: 1,
      deltaRoot: content.root,
      checkpointRoot: ZERO_HASH,
    });
    const headers = {
      [ENVELOPE_HEADER]: toBase64(message),
      [SIGNATURE_HEADER]: toBase64(signMessage(message, member.keypair.secretKey)),
    };
    return { path, headers, payload: content.payload };
  };
  return () => Array.from({ length: uploads }, next);
}

async function openRound(stack: BenchStack, federation: BenchFederation) {
  const params = { federation: federation.address.toBase58() };
  await stack.service.call(ENDPOINTS.federationResume, { params, signer: federation.signer });
  for (;;) {
    const view = await stack.service.call(ENDPOINTS.federationRead, { params });
    if (view.round !== null) return { view, round: view.round };
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function startReceiver(folder: string) {
  const script = fileURLToPath(new URL("./upload/receiver.ts", import.meta.url));
  const child = fork(script, [folder], { execArgv: [] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve(Number(message)));
    child.once("exit", (code) => reject(new Error(`The receiver ended with code ${code}.`)));
  });
  return { port, stop: () => child.disconnect() };
}

async function main(): Promise<void> {
  say(describeMachine());
  say(
    `${uploads} uploads of ${bytes} bytes a batch over ${connections} connections, ${batches} batches each`,
  );
  const stack = await startBenchStack();
  const folder = mkdtempSync(join(tmpdir(), "plenary-upload-"));
  const stops: (() => Promise<void> | void)[] = [
    () => stack.stop(),
    () => rmSync(folder, { recursive: true, force: true }),
  ];
  try {
    const federation = await stack.foundFederation({
      id: 1,
      members: MEMBERS,
      parameters: bytes / 4,
    });
    const { view, round } = await openRound(stack, federation);
    const prepareBatch = prepare(federation, view, round);
    const receiver = await startReceiver(folder);
    const ours = new Sender(Number(new URL(stack.serviceUrl).port), connections);
    const bare = new Sender(receiver.port, connections);
    const resumeWorker = stack.suspend("worker");
    stops.push(
      receiver.stop,
      () => ours.close(),
      () => bare.close(),
      resumeWorker,
    );
    const megabytes = (uploads * bytes) / 1e6;
    const rates = { ours: [] as number[], bare: [] as number[] };
    for (let turn = 0; turn < batches + WARMUP; turn++) {
      const batch = prepareBatch();
      const bareSeconds = await bare.send(batch);
      const ourSeconds = await ours.send(batch);
      if (turn < WARMUP) continue;
      rates.bare.push(megabytes / bareSeconds);
      rates.ours.push(megabytes / ourSeconds);
    }
    const describe = (list: readonly number[]) =>
      `${median(list).toFixed(0)} MB/s (${Math.min(...list).toFixed(0)} to ${Math.max(...list).toFixed(0)})`;
    say(`Bare node:http receiver: ${describe(rates.bare)}`);
    say(`Plenary's service: ${describe(rates.ours)}`);
    say(`Plenary / bare: ${(median(rates.ours) / median(rates.bare)).toFixed(2)}`);
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

await main();
