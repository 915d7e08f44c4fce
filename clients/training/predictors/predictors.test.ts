import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { type Questionnaire, toFloat32 } from "@plenary/protocol";
import type { Engine } from "../sessions/engine.ts";
import { openEngine } from "../sessions/index.ts";
import { DEFAULT_PREDICTOR } from "../settings.ts";
import type { QuestionAnswer, Task } from "../tasks.ts";
import { createPredictor, predictors } from "./index.ts";
import type { Predictor } from "./predictor.ts";

interface Fixture {
  readonly optionCounts: readonly number[];
  readonly dimension: number;
  readonly embeddings: readonly number[];
  readonly answers: readonly (readonly (readonly number[] | null)[])[];
  readonly tasks: readonly {
    group: number;
    context: readonly number[];
    targets: readonly number[];
  }[];
  readonly predictors: readonly {
    readonly configuration: { readonly name: string; readonly likelihood?: string };
    readonly model: readonly number[];
    readonly loss: number;
    readonly gradient: readonly number[];
    readonly shares: readonly (readonly (readonly number[])[])[];
  }[];
}

/** Written by ../fixtures/make_fixtures.py. */
const fixture: Fixture = JSON.parse(
  await readFile(new URL("../fixtures/predictors.json", import.meta.url), "utf8"),
);

const questionnaire: Questionnaire = {
  version: 1,
  name: "fixture",
  title: "",
  source: "",
  citation: "",
  licence: "",
  questions: fixture.optionCounts.map((count, index) => ({
    id: `q${index}`,
    text: `question ${index}`,
    options: Array.from({ length: count }, (_, option) => `option ${option}`),
    family: `q${index}`,
  })),
  embeddings: { model: "fixture", dimension: fixture.dimension, blob: "0".repeat(64) },
};
const embeddings = {
  count: fixture.embeddings.length / fixture.dimension,
  dimension: fixture.dimension,
  matrix: () => Float32Array.from(fixture.embeddings),
};

function answer(group: number, question: number): QuestionAnswer {
  const counts = fixture.answers[group]![question]!;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { question, shares: counts.map((count) => count / total) };
}

const tasks: Task[] = fixture.tasks.map(({ group, context, targets }) => ({
  context: context.map((question) => answer(group, question)),
  targets: targets.map((question) => answer(group, question)),
}));
const member = fixture.answers.map((answers, group) =>
  answers.flatMap((counts, question) => (counts === null ? [] : [answer(group, question)])),
);

async function step(
  engine: Engine,
  predictor: Predictor,
  model: Int32Array,
  drawn: readonly Task[],
  questions: number,
) {
  const program = predictor.training({ tasks: drawn.length, questions });
  const session = await engine.load(program.model);
  const theta = toFloat32(model);
  const { loss, gradient } = await session.run({ ...program.feeds(theta, drawn, member), theta });
  return { loss: loss![0]!, gradient: gradient! };
}

async function shares(
  engine: Engine,
  predictor: Predictor,
  model: Int32Array,
  asked: readonly Task[],
  questions: number,
) {
  const program = predictor.prediction({ tasks: asked.length, questions }, model);
  const session = await engine.load(program.model);
  return program.read(await session.run(program.feeds(toFloat32(model), asked)), asked);
}

function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [error, norm] = [0, 0];
  for (let i = 0; i < expected.length; i += 1) {
    error += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(error / norm);
}

for (const engineName of ["native", "wasm"] as const) {
  describe(`predictors against PyTorch's float64, ${engineName} engine`, () => {
    let engine: Engine;
    before(async () => {
      engine = await openEngine(engineName);
    });
    after(() => engine.close());

    for (const expected of fixture.predictors) {
      const { configuration } = expected;
      const predictor = createPredictor(configuration, questionnaire, embeddings);
      const model = Int32Array.from(expected.model);
      const name = `${configuration.name} ${configuration.likelihood ?? ""}`.trim();

      test(`${name}: loss and gradient`, async () => {
        const { loss, gradient } = await step(engine, predictor, model, tasks, 6);
        assert.ok(
          Math.abs(loss - expected.loss) < 2e-6 * Math.abs(expected.loss) + 2e-6,
          `loss ${loss}, not ${expected.loss}`,
        );
        assert.equal(gradient.length, expected.gradient.length);
        assert.ok(
          relativeError(gradient, expected.gradient) < 5e-6,
          `${relativeError(gradient, expected.gradient)}`,
        );
      });

      test(`${name}: predictions`, async () => {
        const actual = await shares(engine, predictor, model, tasks, 6);
        expected.shares.forEach((task, index) => {
          task.forEach((distribution, target) => {
            assert.ok(relativeError(actual[index]![target]!, distribution) < 5e-6);
          });
        });
      });

      test(`${name}: padding changes nothing`, async () => {
        const [first] = tasks as [Task, ...Task[]];
        const small: Task = {
          context: first.context.slice(0, 1),
          targets: first.targets.slice(0, 1),
        };
        const tight = await step(engine, predictor, model, [small], 2);
        const padded = await step(engine, predictor, model, [small], 6);
        assert.ok(Math.abs(tight.loss - padded.loss) < 1e-6);
        assert.ok(relativeError(padded.gradient, tight.gradient) < 2e-6);
        const [[narrow]] = (await shares(engine, predictor, model, [small], 2)) as [[Float32Array]];
        const [[wide]] = (await shares(engine, predictor, model, [small], 6)) as [[Float32Array]];
        assert.ok(relativeError(wide, narrow) < 2e-6);
      });
    }
  });
}

describe("every predictor", () => {
  for (const name of Object.keys(predictors) as (keyof typeof predictors)[]) {
    const predictor = createPredictor(DEFAULT_PREDICTOR[name], questionnaire, embeddings);

    test(`${name}: first parameters depend on the seed only, and fill the vector`, () => {
      const first = predictor.initialParameters(7);
      assert.equal(first.length, predictor.parameterCount);
      assert.deepEqual(
        createPredictor(DEFAULT_PREDICTOR[name], questionnaire, embeddings).initialParameters(7),
        first,
      );
      assert.notDeepEqual(predictor.initialParameters(8), first);
      let end = 0;
      for (const { from, to } of predictor.blocks) {
        assert.equal(from, end);
        end = to;
      }
      assert.equal(end, predictor.parameterCount);
    });

    test(`${name}: predicts distributions, also for new questions`, async () => {
      const engine = await openEngine("native");
      const model = predictor.initialParameters(7);
      const added = {
        options: 3,
        embeddings: Float32Array.from(fixture.embeddings.slice(0, 3 * fixture.dimension)),
      };
      const asked = [
        { context: tasks[0]!.context, targets: [answer(0, 1), { question: 6, shares: [0, 0, 0] }] },
      ];
      const program = predictor.prediction({ tasks: 1, questions: 4 }, model, [added]);
      const session = await engine.load(program.model);
      const [task] = program.read(await session.run(program.feeds(toFloat32(model), asked)), asked);
      assert.deepEqual(
        task!.map((distribution) => distribution.length),
        [3, 3],
      );
      for (const distribution of task!) {
        const total = distribution.reduce((sum, share) => sum + share, 0);
        assert.ok(Math.abs(total - 1) < 1e-5 && distribution.every((share) => share > 0));
      }
      await engine.close();
    });
  }

  test("an unknown name, a wrong field and foreign embeddings are refused", () => {
    const invalid = { code: "invalid-input" };
    const make = (configuration: { name: string }) =>
      createPredictor(configuration, questionnaire, embeddings);
    assert.throws(() => make({ name: "oracle" }), invalid);
    assert.throws(() => make({ name: "toString" }), invalid);
    assert.throws(
      () => make({ ...DEFAULT_PREDICTOR.tilt, latent: 0 } as { name: string }),
      invalid,
    );
    assert.throws(() => make({ ...DEFAULT_PREDICTOR.gpo, heads: 3 } as { name: string }), invalid);
    const foreign = { ...embeddings, count: embeddings.count + 1 };
    assert.throws(() => createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, foreign), invalid);
  });
});

describe("tilt's questions that nobody has trained", () => {
  const { configuration, model } = fixture.predictors.find(
    (item) => item.configuration.name === "tilt",
  )!;
  const predictor = createPredictor(configuration, questionnaire, embeddings);
  const base = predictor.blocks.find((block) => block.name === "base")!;

  test("borrow from similar ones; a twin of a trained question has its base", async () => {
    const engine = await openEngine("native");
    // Without vectors nothing tilts, and the answers are the bases.
    const trained = Int32Array.from(model).fill(0, 0, base.from);
    const twin = {
      options: fixture.optionCounts[1]!,
      embeddings: Float32Array.from(
        fixture.embeddings.slice(2 * fixture.dimension, 5 * fixture.dimension),
      ),
    };
    const targets = [answer(0, 1), { question: 6, shares: [0, 0, 0] }];
    const asked = [{ context: tasks[0]!.context, targets }];
    const program = predictor.prediction({ tasks: 1, questions: 4 }, trained, [twin]);
    const session = await engine.load(program.model);
    const [task] = program.read(await session.run(program.feeds(toFloat32(trained), asked)), asked);
    const [own, borrowed] = task as [Float32Array, Float32Array];
    assert.ok(relativeError(borrowed, own) < 0.02, `${borrowed} is not ${own}`);
    await engine.close();
  });

  test("base logits that are all 0 mark a question of the questionnaire as untrained", async () => {
    const engine = await openEngine("native");
    const untrained = Int32Array.from(model);
    untrained.fill(0, base.from + 2, base.from + 5);
    const asked = [{ context: tasks[0]!.context, targets: [answer(0, 1)] }];
    const [[lent]] = (await shares(engine, predictor, untrained, asked, 4)) as [[Float32Array]];
    untrained[base.from + 2] = 1;
    const [[own]] = (await shares(engine, predictor, untrained, asked, 4)) as [[Float32Array]];
    assert.ok(relativeError(lent, own) > 0.01);
    await engine.close();
  });
});
