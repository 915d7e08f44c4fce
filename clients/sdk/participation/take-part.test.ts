import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  compress,
  createCodec,
  definePlugin,
  REGISTRIES,
  signUpdate,
  type UpdateStep,
  vectorRootFast,
} from "@plenary/algorithms";
import { decodeRound, PROGRAM_ID, type RoundStatus, roundAddress } from "@plenary/chain";
import { PlenaryError, type RoundView, toBase64, toHex, vectorToBytes } from "@plenary/protocol";
import type { OptimizerState } from "@plenary/training";
import { Keypair, type PublicKey } from "@solana/web3.js";
import Type from "typebox";
import { type MemberStore, type Outcome, openMemberStore } from "../member-store/index.ts";
import type { ParticipationSession } from "./participation.ts";
import { takePart } from "./take-part.ts";

const BASE = Int32Array.of(1 << 20, -(1 << 22), 0);
const GOLDEN = await readFile(
  join(import.meta.dirname, "../../../test/vectors/accounts/round-v2.bin"),
);
const GOLDEN_ROUND = decodeRound(PROGRAM_ID, GOLDEN);
const FEDERATION = Keypair.generate().publicKey;
/** In a Round account, after discriminator, version, bump and federation; then comes the status. */
const NUMBER_OFFSET = 42;
const STATUSES: readonly RoundStatus[] = ["open", "committed", "final", "void"];

interface PlayedRound {
  readonly number: bigint;
  readonly status: RoundStatus;
  readonly baseRound: bigint;
}

/** The bytes of a Round account that builds on `BASE`. */
function accountOf({ number, status, baseRound }: PlayedRound): Buffer {
  const data = Buffer.from(GOLDEN);
  data.writeBigUInt64LE(number, NUMBER_OFFSET);
  data.writeUInt8(STATUSES.indexOf(status), NUMBER_OFFSET + 8);
  const baseRoot = GOLDEN.indexOf(GOLDEN_ROUND.baseRoot);
  data.writeBigUInt64LE(baseRound, baseRoot - 8);
  data.set(vectorRootFast(BASE), baseRoot);
  return data;
}

interface Trained {
  readonly optimizer: number | undefined;
  readonly pipeline: number | undefined;
}

/**
 * Takes part in the newest of these rounds, at a service that has just closed it. Gives the states
 * that training and pipeline began with (a new one is 0), or null if nothing was trained.
 */
async function takePartIn(store: MemberStore, rounds: PlayedRound[]): Promise<Trained | null> {
  let optimizer: number | undefined;
  let pipeline: number | undefined;
  const step = (): UpdateStep => ({
    name: "owed",
    init: () => [Int32Array.of(0)],
    apply({ delta, state }) {
      pipeline = state[0]?.[0];
      return { delta, state };
    },
  });
  const owed = definePlugin("owed", Type.Object({ name: Type.Literal("owed") }), step);
  let wasTrained = false;
  const accounts = new Map(
    rounds.map((round) => [
      roundAddress(PROGRAM_ID, FEDERATION, round.number).toBase58(),
      { data: accountOf(round) },
    ]),
  );
  // Only what takePart asks of each.
  const session = {
    context: {
      connection: {
        getAccountInfo: async (address: PublicKey) => accounts.get(address.toBase58()) ?? null,
      },
      client: {
        download: async () => vectorToBytes(BASE),
        call: async ({ operation }: { operation: string }) => {
          throw new PlenaryError(operation === "updateSubmit" ? "round-closed" : "not-found", "");
        },
      },
      program: PROGRAM_ID,
      address: FEDERATION,
      genesisHash: new Uint8Array(32).fill(1),
      configurationHash: GOLDEN_ROUND.configurationHash,
      configuration: {
        version: 2,
        codecs: [{ name: "int32" }],
        pipeline: [{ name: "owed" }],
        screening: { maxNorm: 0 },
      },
      registries: { ...REGISTRIES, updateSteps: { owed } },
    },
    questions: {
      of: async () => ({
        context: { configuration: {} },
        answers: { version: 1, groups: [] },
        trainer: {
          async train({ optimizerState }: { optimizerState: OptimizerState | undefined }) {
            wasTrained = true;
            optimizer = optimizerState?.step ?? 0;
            const after = new Float32Array(BASE.length);
            return { after, weight: 3, loss: 1, optimizerState: { step: 99, moments: [] } };
          },
        },
      }),
    },
    member: FEDERATION,
    options: {},
    store,
    emit: () => undefined,
  } as unknown as ParticipationSession;
  const number = rounds.at(-1)?.number.toString();
  const view = { number, baseBlob: "00".repeat(32) } as RoundView;
  const record = await takePart(session, view, Keypair.generate());
  assert.equal(record?.round, number);
  return wasTrained ? { optimizer, pipeline } : null;
}

async function openStore(t: TestContext): Promise<MemberStore> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-take-part-"));
  const store = await openMemberStore(folder, {
    genesisHash: "11".repeat(32),
    programId: PROGRAM_ID.toBase58(),
    federation: FEDERATION.toBase58(),
    member: FEDERATION.toBase58(),
  });
  t.after(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return store;
}

/** Stores an update whose states are the round's number. */
async function keep(
  store: MemberStore,
  round: bigint,
  outcome: Outcome,
  baseRoot = "77".repeat(32),
): Promise<void> {
  const subject = {
    genesisHash: new Uint8Array(32).fill(1),
    programId: PROGRAM_ID.toBytes(),
    federation: FEDERATION.toBytes(),
    round,
    member: FEDERATION.toBytes(),
    baseRoot: vectorRootFast(BASE),
    sequence: 1n,
    weight: 5,
  };
  const sent = compress(BASE, createCodec({ name: "int32" }), { maxNorm: 0 });
  const { message, signature } = signUpdate(subject, sent, Keypair.generate().secretKey);
  await store.prepare({
    record: {
      round: round.toString(),
      sequence: "1",
      baseRoot,
      envelope: toBase64(message),
      signature: toBase64(signature),
      weight: 5,
      loss: 1,
    },
    payload: Uint8Array.of(Number(round)),
    optimizerState: { step: Number(round), moments: [] },
    pipelineState: [[Int32Array.of(Number(round))]],
  });
  await store.settle(round, outcome);
}

async function outcomes(store: MemberStore, rounds: bigint[]): Promise<unknown[]> {
  return Promise.all(rounds.map(async (round) => (await store.record(round))?.outcome));
}

const VOIDED = toHex(vectorRootFast(BASE));
const open = (number: bigint, baseRound: bigint): PlayedRound => ({
  number,
  status: "open",
  baseRound,
});

test("training continues from the newest round that stands when several were dropped", async (t) => {
  const store = await openStore(t);
  await keep(store, 4n, "counted");
  // The member took no part in round 5, on which these were built.
  await keep(store, 6n, "refused");
  await keep(store, 7n, "counted");
  assert.deepEqual(await takePartIn(store, [open(8n, 4n)]), { optimizer: 4, pipeline: 4 });
  assert.deepEqual(await outcomes(store, [4n, 6n, 7n]), ["counted", "void", "void"]);
});

test("states of dropped rounds are left out, also where those of the base were cleared away", async (t) => {
  const store = await openStore(t);
  await keep(store, 4n, "counted");
  await keep(store, 5n, "counted", VOIDED);
  for (const round of [6n, 7n, 8n, 9n]) await keep(store, round, "counted");
  assert.deepEqual(await takePartIn(store, [open(10n, 4n)]), { optimizer: 0, pipeline: 0 });
  assert.equal((await store.lastCounted())?.round, "4");
});

test("an update is renewed after a void, and what was built on it is void even if that is missed", async (t) => {
  const store = await openStore(t);
  await keep(store, 4n, "counted");
  await keep(store, 5n, "counted", VOIDED);
  await keep(store, 6n, "counted");
  assert.equal(await takePartIn(store, [open(7n, 4n)]), null);
  const renewed = await store.record(7n);
  assert.ok(renewed);
  assert.equal((await store.optimizerState(renewed))?.step, 5);
  await store.settle(7n, "missed");
  assert.deepEqual(await outcomes(store, [4n, 5n, 6n]), ["counted", "void", "void"]);
  assert.equal((await store.lastCounted())?.round, "4");
});

test("rounds that were dropped while the member was away are void below a later base", async (t) => {
  const store = await openStore(t);
  for (const round of [4n, 5n, 6n]) await keep(store, round, "counted");
  const rounds: PlayedRound[] = [
    { number: 4n, status: "final", baseRound: 3n },
    { number: 5n, status: "void", baseRound: 4n },
    { number: 6n, status: "void", baseRound: 5n },
    { number: 7n, status: "committed", baseRound: 4n },
    open(8n, 7n),
  ];
  assert.deepEqual(await takePartIn(store, rounds), { optimizer: 4, pipeline: 4 });
  assert.deepEqual(await outcomes(store, [4n, 5n, 6n]), ["counted", "void", "void"]);
});

test("training continues from the last counted update while its round stands", async (t) => {
  for (const baseRound of [6n, 7n]) {
    const store = await openStore(t);
    for (const round of [4n, 5n, 6n]) await keep(store, round, "counted");
    const rounds: PlayedRound[] = [
      { number: 6n, status: "committed", baseRound: 5n },
      open(8n, baseRound),
    ];
    assert.deepEqual(await takePartIn(store, rounds), { optimizer: 6, pipeline: 6 });
    assert.deepEqual(await outcomes(store, [4n, 5n, 6n]), ["counted", "counted", "counted"]);
  }
});
