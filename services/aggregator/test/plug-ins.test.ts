import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type Aggregator,
  applyPipeline,
  type Codec,
  CUSTOM_RULE,
  createAlgorithms,
  createPipeline,
  definePlugin,
  initPipeline,
  type PipelineState,
  REGISTRIES,
  type Registries,
  replayRound,
  rulesOf,
  type Strategy,
  signUpdate,
  splitState,
  type UpdateStep,
} from "@plenary/algorithms";
import {
  type FederationConfiguration,
  fromBase58,
  fromBase64,
  fromHex,
  parseManifest,
  toBase58,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import Type from "typebox";
import { foundOn } from "../testing/bench/bench-federation.ts";
import { type AggregatedFederation, foundOnSolana } from "../testing/bench/solana-federation.ts";
import { openWorkbench, type Workbench } from "../testing/bench/workbench.ts";

/*
 * This file alone adds a strategy, an aggregator, a codec and a pipeline step, and runs a
 * federation with them: the service screens, aggregates and commits, members keep state, a stranger
 * replays.
 */

/** Coordinate median, the lower one of two: it needs all updates at once. */
const median = definePlugin(
  "median",
  Type.Object({ name: Type.Literal("median") }, { additionalProperties: false }),
  (): Aggregator => ({
    name: "median",
    rule: { code: CUSTOM_RULE, parameters: [], stateVectors: 0 },
    aggregate: (updates) =>
      updates[0]!.delta.map((_, i) => {
        const entries = updates.map(({ delta }) => delta[i]!).sort((a, b) => a - b);
        return entries[Math.floor((entries.length - 1) / 2)]!;
      }),
  }),
);

/** The running mean of the aggregates of all rounds: sum and count are its two state vectors. */
const averaging = definePlugin(
  "averaging",
  Type.Object(
    { name: Type.Literal("averaging"), divisor: Type.Integer({ minimum: 1, maximum: 100 }) },
    { additionalProperties: false },
  ),
  ({ divisor }): Strategy => ({
    name: "averaging",
    rule: { code: CUSTOM_RULE, parameters: [divisor], stateVectors: 2 },
    init: (parameterCount) => [new Int32Array(parameterCount), new Int32Array(parameterCount)],
    apply: (base, aggregate, [sum, count]) => {
      const total = aggregate.map((entry, i) => sum![i]! + entry);
      const rounds = count!.map((entry) => entry + 1);
      const step = total.map((entry, i) => Math.floor(entry / (rounds[i]! * divisor)));
      return { next: base.map((entry, i) => entry + step[i]!), state: [total, rounds] };
    },
  }),
);

/** The upper bits of every entry, two bytes each. */
const coarse = definePlugin(
  "coarse",
  Type.Object(
    { name: Type.Literal("coarse"), shift: Type.Integer({ minimum: 12, maximum: 16 }) },
    { additionalProperties: false },
  ),
  ({ shift }): Codec => ({
    name: "coarse",
    id: 200,
    maxPayloadLength: (parameterCount) => 2 * parameterCount,
    encode: (delta) => new Uint8Array(Int16Array.from(delta, (entry) => entry >> shift).buffer),
    decode: (payload) =>
      Int32Array.from(new Int16Array(payload.slice().buffer), (entry) => entry << shift),
  }),
);

/** Error feedback: what the codec loses is added to the next update. */
const residual = definePlugin(
  "residual",
  Type.Object({ name: Type.Literal("residual") }, { additionalProperties: false }),
  (): UpdateStep => ({
    name: "residual",
    init: (parameterCount) => [new Int32Array(parameterCount)],
    apply: ({ delta, state: [owed], received }) => {
      const whole = delta.map((entry, i) => entry + owed![i]!);
      const sent = received(whole);
      return { delta: whole, state: [whole.map((entry, i) => entry - sent[i]!)] };
    },
  }),
);

const registries: Registries = {
  ...REGISTRIES,
  aggregators: { ...REGISTRIES.aggregators, median },
  strategies: { ...REGISTRIES.strategies, averaging },
  codecs: { ...REGISTRIES.codecs, coarse },
  updateSteps: { ...REGISTRIES.updateSteps, residual },
};

function withPlugins(defaults: FederationConfiguration): FederationConfiguration {
  return {
    ...defaults,
    version: 2,
    aggregator: { name: "median" },
    strategy: { name: "averaging", divisor: 2 },
    contribution: { name: "data-size", cap: 1000 },
    codecs: [{ name: "coarse", shift: 14 }],
    pipeline: [{ name: "residual" }, { name: "clip", maxNorm: 4 }],
    screening: { maxNorm: 3 },
  };
}

const ROUNDS = [1n, 2n, 3n];
const WINDOW_SECONDS = 3_600;
let bench: Workbench;

before(async () => {
  bench = await openWorkbench(registries);
  bench.ledger.challengeWindow = WINDOW_SECONDS;
});
after(() => bench.close());

/** Three members take part in each round. The updates that they sent, by round. */
async function takePart({ context, address, members, upload }: AggregatedFederation) {
  const row = await context.store.federations.find(address);
  assert.ok(row);
  const { configuration } = row;
  const pipeline = createPipeline(configuration, undefined, registries);
  const { parameterCount } = configuration;
  const worker = bench.worker(context);
  const work = async () => {
    const data = { federation: toBase58(address) };
    await bench.run(worker, { name: "advanceFederation", data });
    for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
      await bench.run(worker, job);
  };
  const states: PipelineState[] = members.map(() => initPipeline(pipeline, parameterCount));
  const sent = new Map<bigint, Int32Array[]>(ROUNDS.map((number) => [number, []]));
  await work();
  for (const number of ROUNDS) {
    const round = await context.store.rounds.find({ federation: address, number });
    assert.ok(round);
    for (const [place, member] of members.entries()) {
      const delta = Int32Array.from(
        { length: parameterCount },
        (_, i) => ((i * 7919 * (place + 1) + Number(number) * 131) % 20_011) * 1000 - 10_000_000,
      );
      const output = applyPipeline(pipeline, delta, states[place]!);
      states[place] = output.state;
      sent.get(number)!.push(output.decoded);
      const subject = {
        genesisHash: await context.ledger.genesisHash(),
        programId: context.ledger.programId,
        federation: address,
        round: number,
        member: member.address,
        baseRoot: round.base.root,
        sequence: 1n,
        weight: 10 * (place + 1),
      };
      const signed = signUpdate(subject, output, member.updateKey.secretKey);
      await upload(number, { ...signed, payload: output.payload });
    }
    await work();
  }
  return { configuration, sent };
}

/** What an aggregated federation committed is what its rules give, and a stranger replays it. */
async function checkRounds(federation: AggregatedFederation): Promise<void> {
  const { configuration, sent } = await takePart(federation);
  const { context } = federation;
  const { blobs, ledger } = context;
  const vector = async (hash: string) => vectorFromBytes(await blobs.read(fromHex(hash, 32)));
  const { strategy } = createAlgorithms(configuration, registries);
  const totals = new Int32Array(configuration.parameterCount);
  let model = new Int32Array(configuration.parameterCount);
  let previous: Uint8Array | null = null;
  let earned: { member: Uint8Array; cumulative: bigint }[] = [];
  for (const number of ROUNDS) {
    const round = await context.store.rounds.find({ federation: federation.address, number });
    assert.equal(round?.state, "committed");
    const { manifestHash } = round.computed?.commitment ?? {};
    assert.ok(manifestHash);
    const manifest = parseManifest(
      JSON.parse(new TextDecoder().decode(await blobs.read(manifestHash))),
    );
    assert.ok(manifest.updates.every(({ reason }) => reason === 0));
    // By other code, the model that the rules of this file give.
    const updates = sent.get(number)!;
    model = model.map((entry, i) => {
      const [low, middle] = updates.map((update) => update[i]!).sort((a, b) => a - b);
      assert.ok(low !== undefined && middle !== undefined);
      totals[i] = totals[i]! + middle;
      return entry + Math.floor(totals[i]! / (Number(number) * 2));
    });
    assert.deepEqual(await vector(manifest.next.blob), model);
    const [sum, count] = splitState(strategy, model.length, await vector(manifest.stateAfter.blob));
    assert.deepEqual([sum, count], [totals, model.map(() => Number(number))]);
    const replayed = await replayRound(
      {
        context: {
          genesisHash: await ledger.genesisHash(),
          programId: ledger.programId,
          federation: federation.address,
          round: number,
          configuration,
          seed: fromHex(manifest.seed, 32),
          auditDraw: null,
          previousManifest: previous,
          base: await vector(manifest.base.blob),
          state: await vector(manifest.stateBefore.blob),
          earned,
        },
        updates: manifest.updates.map(({ envelope, signature, signingKey }) => ({
          message: fromBase64(envelope),
          signature: fromBase64(signature),
          signingKey: fromBase58(signingKey),
        })),
        payload: (hash) => blobs.read(hash),
      },
      () => assert.fail("nothing to evaluate"),
      registries,
    );
    assert.deepEqual(replayed.manifestHash, manifestHash);
    previous = manifestHash;
    earned = [...replayed.rewards];
  }
}

test("a federation runs with plug-ins that only this file knows, and a stranger replays it", async () =>
  checkRounds({ ...(await foundOn(bench, "plug-ins", withPlugins)), context: bench.context }));

test("it does so on a real chain too, whose program cannot judge the plug-ins", async (t) =>
  checkRounds(await foundOnSolana(bench, t, withPlugins, WINDOW_SECONDS)));

test("a federation whose rules on chain are not those of its configuration is refused", async () => {
  const { ledger } = bench;
  const found = ledger.found.bind(ledger);
  ledger.found = (address, terms, members) =>
    found(address, { ...terms, rules: { ...terms.rules, strategy: 0 } }, members);
  try {
    await assert.rejects(foundOn(bench, "other rules", withPlugins), {
      code: "configuration-mismatch",
      message: /strategy is 0 on chain, 255 by the configuration/,
    });
  } finally {
    ledger.found = found;
  }
});

test("a process that does not know the plug-ins refuses the configuration, and the program cannot judge them", () => {
  const configuration = withPlugins({
    version: 1,
    name: "t",
    questionnaire: toHex(new Uint8Array(32)),
    predictor: { name: "tilt" },
    training: {},
    initialModel: toHex(new Uint8Array(32)),
    parameterCount: 100,
    strategy: { name: "fedavg" },
    aggregator: { name: "mean" },
    codecs: ["int8"],
    screening: { maxNorm: 0 },
    contribution: { name: "data-size", cap: 1000 },
    heldOut: null,
    limits: { maxUpdates: 64, maxWeight: 1000, maxPayloadBytes: 10_000 },
    rounds: { quorum: 3, minimum: 1, deadlineSeconds: 600, graceSeconds: 600, total: 0 },
    rewardPerRound: "1000",
  });
  assert.deepEqual(createAlgorithms(configuration, registries).configuration, configuration);
  assert.throws(() => createAlgorithms(configuration), /strategy\.name must be .* not "averaging"/);
  assert.deepEqual(rulesOf(configuration, registries), {
    aggregator: CUSTOM_RULE,
    strategy: CUSTOM_RULE,
    masking: 0,
    stateVectors: 2,
    provable: false,
    parameters: [2, 0, 0, 0, 0, 0, 0, 0],
  });
});
