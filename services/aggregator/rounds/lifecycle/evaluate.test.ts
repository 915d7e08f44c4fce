import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type FederationConfiguration, parserOf, RoundView, toBase58 } from "@plenary/protocol";
import { testSurvey } from "../../testing/actors/survey.ts";
import { type BenchFederation, foundOn } from "../../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { findFederation } from "../lookup.ts";
import { viewFederation } from "../views/view-federation.ts";
import { viewRound } from "../views/view-round.ts";

const SURVEY = testSurvey();
const parseView = parserOf(RoundView, "Round");
let bench: Workbench;
before(async () => {
  bench = await openWorkbench();
});
after(() => bench.close());

async function foundAndPlay(name: string): Promise<BenchFederation> {
  const once = (defaults: FederationConfiguration) => ({
    ...defaults,
    rounds: { ...defaults.rounds, total: 1 },
  });
  const federation = await foundOn(bench, name, once, SURVEY);
  await work();
  return federation;
}

async function work(): Promise<void> {
  const worker = bench.worker();
  for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
    await bench.run(worker, job);
}

/** The first round as it is sent, checked as a member checks it. */
async function received({ address }: BenchFederation): Promise<RoundView> {
  const round = await bench.context.store.rounds.find({ federation: address, number: 1n });
  assert.ok(round);
  const federation = await findFederation(bench.context, toBase58(address));
  const view = await viewRound(bench.context, federation, round);
  return parseView(JSON.parse(JSON.stringify(view)));
}

async function evaluationsTold({ address }: BenchFederation): Promise<number> {
  const events = await bench.context.store.events.after(address, 0n, 100);
  return events.filter(({ type }) => type === "round-evaluated").length;
}

test("a round is evaluated, once, and shown with finite scores", async () => {
  const federation = await foundAndPlay("finite");
  for (const place of [0, 1, 2]) await federation.upload(1n, await federation.update(1n, place));
  await work();
  const { state, evaluation } = await received(federation);
  assert.equal(state, "committed");
  assert.ok(evaluation !== null && evaluation.mean > 0 && evaluation.groups.length === 2);
  const { choosing, reporting } = evaluation.halves ?? assert.fail("the groups have no halves");
  assert.deepEqual([...choosing.groups, ...reporting.groups].toSorted(), ["north", "south"]);
  assert.ok(reporting.trained !== null && reporting.trained.cells > 0);
  assert.equal(await evaluationsTold(federation), 1);
});

test("the best committed round is chosen, the later of equals, and a fall is counted", async () => {
  const federation = await foundAndPlay("chosen");
  for (const place of [0, 1, 2]) await federation.upload(1n, await federation.update(1n, place));
  await work();
  const { queries } = bench.context.database;
  const rounds = queries.selectFrom("rounds").where("federation", "=", federation.address);
  const first = await rounds.selectAll().executeTakeFirstOrThrow();
  const view = async () => {
    const row = await findFederation(bench.context, toBase58(federation.address));
    const { chosenRound, fallingRounds } = await viewFederation(bench.context, row);
    return [chosenRound, fallingRounds];
  };
  assert.deepEqual(await view(), ["1", 0]);
  const add = (number: bigint, state: "final" | "void", choosing_score: number | null) =>
    queries
      .insertInto("rounds")
      .values({
        ...first,
        number,
        state,
        choosing_score,
        evaluation: JSON.stringify(first.evaluation),
      })
      .execute();
  await add(2n, "final", 0.95);
  await add(3n, "final", 0.95);
  await add(4n, "void", 0.99);
  await add(5n, "final", null);
  assert.deepEqual(await view(), ["3", 0]);
  await add(6n, "final", 0.9475);
  await add(7n, "final", 0.94);
  await add(8n, "final", 0.945);
  assert.deepEqual(await view(), ["3", 2]);
  await add(9n, "final", 0.9499);
  assert.deepEqual(await view(), ["3", 0]);
});

test("a model whose predictions are not numbers has no scores, and its round can be read", async () => {
  const federation = await foundAndPlay("infinite");
  // Integers almost as large as an update may have.
  const huge = new Int32Array(SURVEY.predictor.parameterCount).map(
    (_, i) => (((i * 7919) % 20_011) - 10_000) * 13_000,
  );
  for (const place of [0, 1, 2])
    await federation.upload(1n, await federation.update(1n, place, huge));
  await work();
  const view = await received(federation);
  assert.deepEqual([view.state, view.counted, view.evaluation], ["committed", 3, null]);
  assert.equal(await evaluationsTold(federation), 1);
  const due = await bench.context.store.hints.toEvaluate({ offset: 0, limit: 100 });
  assert.deepEqual(due, [], "it is not evaluated again");
});

test("scores that an older service stored without being numbers are not shown", async () => {
  const federation = await foundAndPlay("older");
  for (const place of [0, 1, 2]) await federation.upload(1n, await federation.update(1n, place));
  await work();
  const key = { federation: federation.address, number: 1n };
  const evaluation = { mean: Number.NaN, min: 0, fairness: 1, groups: [] };
  await bench.context.store.rounds.setEvaluation(key, evaluation);
  assert.equal((await received(federation)).evaluation, null);
});
