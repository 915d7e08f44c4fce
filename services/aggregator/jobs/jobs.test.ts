import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type RoundState, toBase58, toHex } from "@plenary/protocol";
import { seeds } from "../../../test/nightly.ts";
import type { Context } from "../rounds/context.ts";
import { type BenchFederation, foundOn } from "../testing/bench/bench-federation.ts";
import { type AskedJob, openWorkbench, type Workbench } from "../testing/bench/workbench.ts";
import { SeededDraws } from "../testing/crash/seeded-draws.ts";
import { faultyContext } from "../testing/faults/faulty.ts";
import type { JobContext } from "./job.ts";

const ROUNDS = 2n;
const PLACES = [0, 1, 2];
const DEATH_EVERY = 40;
/** Far more than any seed needs for one state. */
const MOST_TURNS = 2_000;
const HOURS = 3_600_000;

describe("jobs that run twice, at once, in any order, too late or not at all", () => {
  let bench: Workbench;
  let undisturbed: unknown;

  before(async () => {
    bench = await openWorkbench();
    const federation = await foundJobsFederation();
    const worker = bench.worker();
    for (let round = 1n; round <= ROUNDS; round++) {
      await work(worker, federation);
      for (const place of PLACES)
        await federation.upload(round, await federation.update(round, place));
      await work(worker, federation);
    }
    undisturbed = await outcomeOf(federation);
  });
  after(() => bench.close());

  const foundJobsFederation = () =>
    foundOn(bench, "jobs", (defaults) => ({
      ...defaults,
      rounds: { ...defaults.rounds, minimum: 3, total: Number(ROUNDS) },
    }));

  /** Everything that the reconciler would find due. */
  async function due({ address }: BenchFederation): Promise<AskedJob[]> {
    const { store } = bench.context;
    const data = { federation: toBase58(address) };
    const unscreened = await store.hints.toScreen(BigInt(bench.ledger.time + 1), 0n, {
      offset: 0,
      limit: 100,
    });
    return [
      { name: "advanceFederation", data },
      { name: "finalizeRounds", data },
      ...unscreened.map(({ id }) => ({
        name: "screenUpdate" as const,
        data: { update: id.toString() },
      })),
    ];
  }

  /**
   * Works as the only worker: first what is due, then what was asked for, until nothing is left.
   */
  async function work(worker: JobContext, federation: BenchFederation): Promise<void> {
    for (const job of await due(federation)) await bench.run(worker, job);
    for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
      await bench.run(worker, job);
    for (const job of await due(federation)) await bench.run(worker, job);
  }

  async function outcomeOf({ address, members }: BenchFederation): Promise<unknown> {
    const { store } = bench.context;
    const rounds = await store.rounds.list(address, undefined, 100);
    const rewards = await store.rewards.ofRound({ federation: address, number: ROUNDS });
    const place = (member: Uint8Array) =>
      members.findIndex((other) => toHex(other.address) === toHex(member));
    return {
      rounds: rounds.map(({ number, state, computed }) => ({
        ...{ number, state },
        updateCount: computed?.commitment.updateCount,
        totalWeight: computed?.commitment.totalWeight,
        next: computed && toHex(computed.commitment.nextRoot),
        nextState: computed && toHex(computed.commitment.nextStateRoot),
      })),
      rewards: rewards.map(({ member, cumulative }) => [place(member), cumulative]).sort(),
    };
  }

  /**
   * A process that may die at every crossing of a boundary: its work ends there, and its memory is
   * gone.
   */
  function mortal(draws: SeededDraws): {
    run(job: AskedJob): Promise<void>;
    readonly context: Context;
  } {
    const cross = async () => {
      if (draws.below(DEATH_EVERY) === 0) throw new Killed();
    };
    // Nobody waits for the answer to a request for a job, so a death there looks like one a moment
    // later.
    const { scheduler } = bench.context;
    const context = {
      ...faultyContext(bench.context, { cross, clockOffset: () => 0 }),
      scheduler,
      chainClock: bench.context.chainClock,
    };
    let worker = bench.worker(context);
    return {
      context,
      run: (job) =>
        bench.run(worker, job).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          worker = bench.worker(context);
        }),
    };
  }

  for (const seed of seeds(20, 1_000))
    test(`seed ${seed}`, async () => {
      const draws = new SeededDraws(seed);
      const federation = await foundJobsFederation();
      const workers = [mortal(draws), mortal(draws)];
      const receipts = new Map<string, Uint8Array>();
      bench.asked.length = 0;
      bench.ledger.effects.length = 0;
      const upload = async (round: bigint, place: number): Promise<void> => {
        const update = await federation.update(round, place);
        const { context } = draws.pick(workers);
        const receipt = await federation.upload(round, update, context).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
        if (receipt === undefined) return upload(round, place);
        const name = `${round}/${place}`;
        assert.deepEqual(receipt, receipts.get(name) ?? receipt, "the receipt that was handed out");
        receipts.set(name, receipt);
      };
      /**
       * Some jobs, some of them twice, by two workers at once. The others are lost and found due
       * again.
       */
      const turn = async () => {
        bench.skew = draws.pick([-9 * HOURS, 0, 0, 9 * HOURS]);
        const jobs = draws.shuffled([...bench.asked.splice(0), ...(await due(federation))]);
        const taken = jobs.slice(0, 1 + draws.below(4));
        const again = taken.filter(() => draws.below(2) === 0);
        await Promise.all([...taken, ...again].map((job) => draws.pick(workers).run(job)));
      };
      const roundIs = async (number: bigint, state: RoundState) =>
        (await bench.context.store.rounds.find({ federation: federation.address, number }))
          ?.state === state;
      const turnUntil = async (number: bigint, state: RoundState) => {
        for (let turns = 0; !(await roundIs(number, state)); turns++) {
          assert.ok(turns < MOST_TURNS, `round ${number} never becomes ${state}`);
          await turn();
        }
      };
      for (let round = 1n; round <= ROUNDS; round++) {
        await turnUntil(round, "collecting");
        for (const place of draws.shuffled([...PLACES, ...PLACES]))
          await Promise.all([upload(round, place), draws.below(2) === 0 ? turn() : undefined]);
      }
      await turnUntil(ROUNDS, "final");
      for (let i = 0; i < 3; i++) await turn();
      assert.deepEqual(await outcomeOf(federation), undisturbed);
      const steps = ["commit 1", "commit 2", "finalize 1", "finalize 2", "open 1", "open 2"];
      assert.deepEqual([...bench.ledger.effects].sort(), steps);
    });
});

class Killed extends Error {}
