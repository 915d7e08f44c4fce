import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type AnswerSet,
  type Checkpoint,
  deltaOf,
  detectionProbability,
  drawSegments,
} from "@plenary/protocol";
import {
  auditTraining,
  createPredictor,
  type Engine,
  openEngine,
  openTrainingWorker,
  segmentDrift,
  trainRound,
} from "./index.ts";
import {
  ALL,
  answersOf,
  embeddings,
  make,
  questionnaire,
  ROUND,
  SEGMENTS,
  settingOf,
  tilt,
  wrongSegments,
} from "./testing/audited-training.ts";
import {
  audit,
  COMMITTED_SEED,
  commitmentOf,
  configurationOf,
  type MadeUpdate,
  type Setting,
  submit,
} from "./testing/member-training.ts";

describe("an audit of training", () => {
  let wasm: Engine;
  let native: Engine;
  const setting = settingOf();
  let honest: MadeUpdate;
  before(async () => {
    wasm = await openEngine("wasm");
    native = await openEngine("native");
    honest = await make(setting, { engine: wasm });
  });
  after(async () => {
    await wasm.close();
    await native.close();
  });

  test("follows the rows of an added question to the update, and refuses others", async () => {
    const late = { ...questionnaire.questions.at(-1)!, added: { members: 3, pilots: 1 } };
    const questions = [...questionnaire.questions.slice(0, -1), late];
    const wanted = { ...tilt.configuration, reserve: { questions: 2, options: 20 } };
    const predictor = createPredictor(wanted, { ...questionnaire, questions }, embeddings);
    const grown: Setting = { ...setting, predictor, base: predictor.initialParameters(1) };
    const made = await make(grown, { engine: wasm });
    assert.equal((await audit(grown, made, ALL, wasm)).outcome, "passed");
    const delta = made.delta.slice();
    const { from } = predictor.blocks.find(({ name }) => name === "reach")!;
    delta[from]! += 2 ** 10;
    const finding = await audit(grown, { ...made, delta }, [0], wasm);
    assert.partialDeepStrictEqual(finding, { outcome: "failed", checkpoint: SEGMENTS + 1 });
  });

  test("passes an honest member, whichever segments are drawn and with whichever optimiser", async () => {
    assert.equal(honest.checkpoints.length, SEGMENTS);
    const passed = { outcome: "passed", checkpoint: 0 };
    for (const segments of [[0], [1, 3], ALL])
      assert.partialDeepStrictEqual(await audit(setting, honest, segments, wasm), passed);
    const sgd = settingOf({ optimizer: "sgd", learningRate: 0.1, clipNorm: 0.5 });
    const made = await make(sgd, { engine: wasm });
    assert.deepEqual(made.checkpoints[0]?.moments, []);
    assert.partialDeepStrictEqual(await audit(sgd, made, ALL, wasm), passed);
  });

  test("passes checkpoints from a training thread, which are the same to the bit", async () => {
    const worker = openTrainingWorker(tilt, "wasm");
    const checkpoints: Checkpoint[] = [];
    const { training, base } = setting;
    await worker.train({
      training,
      base,
      answers: honest.answers,
      round: Number(ROUND),
      seed: COMMITTED_SEED,
      checkpoints: { every: 2, keep: (checkpoint) => checkpoints.push(checkpoint) },
    });
    await worker.close();
    assert.deepEqual(checkpoints, honest.checkpoints);
  });

  test("taking checkpoints changes nothing, and needs a new optimiser", async () => {
    const { training, base, predictor } = setting;
    const input = {
      predictor,
      training,
      base,
      answers: honest.answers,
      round: 4,
      seed: COMMITTED_SEED,
    };
    const plain = await trainRound({ ...input, engine: wasm });
    assert.deepEqual(plain.after, honest.checkpoints.at(-1)?.parameters);
    const { optimizerState } = plain;
    const checkpoints = { every: 2, keep: () => undefined };
    await assert.rejects(trainRound({ ...input, engine: wasm, optimizerState, checkpoints }), {
      code: "optimizer-state-invalid",
    });
  });

  test("catches fewer steps: the rest is repeated, and the draw finds it as often as computed", async () => {
    const [first, second] = honest.checkpoints;
    const half = { ...honest, delta: deltaOf(setting.base, second!.parameters) };
    const padded = [first!, second!, { ...second!, step: 6 }, { ...second!, step: 7 }];
    const lazy = { ...half, checkpoints: padded };
    assert.deepEqual(await wrongSegments(setting, lazy, wasm), [2, 3]);
    await checkFrequency(setting, lazy, [2, 3]);
    const short = { ...half, checkpoints: [first!, second!] };
    assert.partialDeepStrictEqual(await audit(setting, short, [], wasm), {
      outcome: "failed",
      checkpoint: 0,
    });
  });

  test("catches other data, shown or not", async () => {
    const other = await make(setting, { engine: wasm, answers: answersOf([1, 5]) });
    assert.deepEqual(await wrongSegments(setting, other, wasm), ALL);
    const shownOther = { ...honest, answers: answersOf([1, 5]) };
    const finding = await audit(setting, shownOther, [2], wasm);
    assert.deepEqual([finding.outcome, finding.checkpoint], ["failed", 0]);
    assert.match(finding.text, /answers that were shown/);
    const foreign: AnswerSet = {
      version: 1,
      groups: [
        { id: "g", label: "", answers: [{ question: "of another survey", counts: [1, 2] }] },
      ],
    };
    const shownForeign = {
      ...honest,
      answers: foreign,
      commitment: commitmentOf(setting, foreign, ROUND),
    };
    assert.match((await audit(setting, shownForeign, [2], wasm)).text, /the answers give 0/);
    const heavier = { ...honest, weight: honest.weight + 1 };
    assert.match((await audit(setting, heavier, [2], wasm)).text, /states the weight/);
  });

  test("catches another member's update, whether the checkpoints are honest or end where it needs them to", async () => {
    const theirs = await make(setting, { engine: wasm, answers: answersOf([3]) });
    const copied = { ...honest, delta: theirs.delta };
    assert.partialDeepStrictEqual(await audit(setting, copied, [0], wasm), {
      outcome: "failed",
      checkpoint: SEGMENTS + 1,
    });
    const fitted = {
      ...copied,
      checkpoints: [...honest.checkpoints.slice(0, -1), theirs.checkpoints.at(-1)!],
    };
    assert.deepEqual(await wrongSegments(setting, fitted, wasm), [3]);
    await checkFrequency(setting, fitted, [3]);
  });

  test("catches made-up checkpoints: parameters, moments and counters alike", async () => {
    const [, second] = honest.checkpoints;
    const nudged = (vector: Float32Array) =>
      vector.map((value, i) => (i === 11 ? value + 1e-4 : value));
    const changes: Partial<Checkpoint>[] = [
      { parameters: nudged(second!.parameters) },
      { moments: [nudged(second!.moments[0]!), second!.moments[1]!] },
      { optimizerStep: 3 },
    ];
    for (const change of changes) {
      const checkpoints = honest.checkpoints.with(1, { ...second!, ...change });
      const made = { ...honest, checkpoints };
      // The segment that leads to it does not follow, and neither does the next.
      assert.deepEqual(await wrongSegments(setting, made, wasm), [1, 2]);
    }
    const misplaced = {
      ...honest,
      checkpoints: honest.checkpoints.with(1, honest.checkpoints[2]!),
    };
    assert.partialDeepStrictEqual(await audit(setting, misplaced, [0, 1], wasm), {
      outcome: "failed",
      checkpoint: 2,
    });
  });

  test("names the first that differs of several, and says what was not shown", async () => {
    const wild: Checkpoint = {
      ...honest.checkpoints[0]!,
      parameters: new Float32Array(tilt.parameterCount).fill(1e38),
    };
    const made = { ...honest, checkpoints: honest.checkpoints.with(0, wild) };
    assert.partialDeepStrictEqual(await audit(setting, made, ALL, wasm), {
      outcome: "failed",
      checkpoint: 1,
    });
    assert.partialDeepStrictEqual(await audit(setting, made, [1], wasm), {
      outcome: "failed",
      checkpoint: 2,
    });
    const { predictor, base } = setting;
    const configuration = configurationOf(setting);
    const input = { ...submit(setting, honest, [1]), configuration, predictor, base, engine: wasm };
    assert.partialDeepStrictEqual(await auditTraining({ ...input, segments: [2] }), {
      outcome: "refused",
    });
    const { evidence } = input;
    const third = evidence.checkpoints.get(2)!;
    const checkpoints = new Map([...evidence.checkpoints, [1, third]]);
    const swapped = { ...input, evidence: { ...evidence, checkpoints }, segments: [1] };
    assert.partialDeepStrictEqual(await auditTraining(swapped), {
      outcome: "failed",
      checkpoint: 1,
    });
  });

  test("is held on the engine whose bits are the same everywhere, unless a tolerance is agreed on", async () => {
    await assert.rejects(audit(setting, honest, [0], native), { code: "engine-mismatch" });
    const made = await make(setting, { engine: native });
    assert.partialDeepStrictEqual(await audit(setting, made, ALL, wasm), {
      outcome: "failed",
      checkpoint: 1,
    });
    const tolerant: Setting = {
      ...setting,
      audits: { ...setting.audits, mode: { name: "native", tolerance: 0.02 } },
    };
    for (const engine of [native, wasm])
      assert.partialDeepStrictEqual(await audit(tolerant, made, ALL, engine), {
        outcome: "passed",
      });
    const other = await make(tolerant, { engine: native, answers: answersOf([1, 5]) });
    assert.deepEqual(await wrongSegments(tolerant, other, native), ALL);
  });

  test("drift is relative to how far the segment moved, over parameters and moments", () => {
    const of = (parameters: number[], moment: number[]): Checkpoint => ({
      step: 1,
      optimizerStep: 1,
      parameters: Float32Array.from(parameters),
      moments: [Float32Array.from(moment)],
    });
    const start = of([0, 0], [0, 0]);
    const end = of([3, 4], [1, 0]);
    assert.equal(segmentDrift(end, end, start), 0);
    assert.equal(segmentDrift(of([3, 3.5], [1, 0]), end, start), 0.1);
    assert.equal(segmentDrift(of([3, 3.5], [1, 0.25]), end, start), 0.25);
    assert.equal(
      segmentDrift(of([3, 4], [1, 0]), of([3, 4], [0, 0]), start),
      Number.POSITIVE_INFINITY,
    );
  });

  /**
   * Draws segments with many seeds. An audit fails if and only if a wrong segment is among those
   * drawn. Real runs of each segment check that above, and whole audits here for some seeds, so
   * that the frequency needs no training.
   */
  async function checkFrequency(
    audited: Setting,
    made: MadeUpdate,
    wrong: readonly number[],
  ): Promise<void> {
    const draws = 2000;
    const member = new Uint8Array(32).fill(7);
    const seedOf = (i: number) => new Uint8Array(32).fill(i % 251).fill(Math.floor(i / 251), 16);
    const drawnBy = (i: number) =>
      drawSegments(seedOf(i), member, SEGMENTS, audited.audits.segmentsPerMember);
    let caught = 0;
    for (let i = 0; i < draws; i += 1)
      if (drawnBy(i).some((segment) => wrong.includes(segment))) caught += 1;
    const expected = detectionProbability({
      members: 1,
      membersPerRound: 1,
      segments: SEGMENTS,
      segmentsPerMember: audited.audits.segmentsPerMember,
      wrongSegments: wrong.length,
    });
    const deviation = Math.sqrt((expected * (1 - expected)) / draws);
    assert.ok(
      Math.abs(caught / draws - expected) < 5 * deviation,
      `${caught / draws} for ${expected}`,
    );
    for (let i = 0; i < 8; i += 1) {
      const drawn = drawnBy(i);
      const isCaught = drawn.some((segment) => wrong.includes(segment));
      const { outcome } = await audit(audited, made, drawn, wasm);
      assert.equal(outcome, isCaught ? "failed" : "passed", `segments ${drawn}`);
    }
  }
});
