import { existsSync, readFileSync } from "node:fs";
import { parserOf, type RoundView, vectorFromBytes } from "@plenary/protocol";
import { type Home, replaceFile } from "@plenary/stack";
import { type Engine, evaluateBaselines, evaluateModel } from "@plenary/training";
import Type from "typebox";
import type { RunPlan } from "./plan-federation.ts";
import { type Report, type RoundReport, RoundReportSchema, type Score } from "./report.ts";
import type { RoundClock } from "./round-clock.ts";

/** The seed with which the service draws evaluation contexts, so that the scores compare. */
export const EVALUATION_SEED = 7;

/** The part of the service that this file needs. */
export interface RoundSource {
  blob(hash: string): Promise<Uint8Array>;
}

/** Scores of the two predictors that need no training. */
export function measureBaselines(plan: RunPlan): Report["baselines"] {
  const { questionnaire, training, unseen } = plan;
  const onUnseen = evaluateBaselines(questionnaire, training, unseen);
  const onTraining = evaluateBaselines(questionnaire, training, training);
  return {
    uniform: { unseen: scoreOf(onUnseen.uniform), training: scoreOf(onTraining.uniform) },
    trainingMean: {
      unseen: scoreOf(onUnseen.trainingMean),
      training: scoreOf(onTraining.trainingMean),
    },
  };
}

/**
 * The committed rounds of a federation with their scores: the service's on unseen groups, and
 * those measured here on the members' groups. They are kept in a file, so that the next start
 * does not measure them again.
 */
export class RoundLedger {
  readonly rounds: RoundReport[];
  readonly #file: string;
  readonly #plan: RunPlan;
  readonly #engine: Engine;
  readonly #clock: RoundClock;

  constructor(home: Home, federation: string, plan: RunPlan, engine: Engine, clock: RoundClock) {
    this.#clock = clock;
    this.#file = home.file("rounds", `${federation}.json`);
    this.#plan = plan;
    this.#engine = engine;
    this.rounds = existsSync(this.#file)
      ? parseRounds(JSON.parse(readFileSync(this.#file, "utf8")))
      : [];
  }

  /**
   * Measures the rounds that were committed since, oldest first, and calls `onRound` after each.
   * Stops at a round that the service has not evaluated yet.
   */
  async follow(
    source: RoundSource,
    views: readonly RoundView[],
    onRound: (round: RoundReport) => void,
  ): Promise<void> {
    const last = this.rounds.at(-1)?.number ?? 0;
    for (const view of views) {
      if (Number(view.number) <= last || (view.state !== "committed" && view.state !== "final"))
        continue;
      const round = await this.#measure(source, view);
      if (round === null) return;
      this.rounds.push(round);
      replaceFile(this.#file, JSON.stringify(this.rounds));
      onRound(round);
    }
  }

  async #measure(source: RoundSource, view: RoundView): Promise<RoundReport | null> {
    const { evaluation, nextBlob, nextRoot, updatesRoot, openedAt, committedAt } = view;
    const transaction = view.transactions.commit;
    if (evaluation === null || transaction === null || openedAt === null || committedAt === null)
      return null;
    if (nextBlob === null || nextRoot === null || updatesRoot === null) return null;
    const timed = this.#clock.seconds(view.number);
    if (timed === "soon") return null;
    const report = await evaluateModel({
      predictor: this.#plan.predictor,
      model: vectorFromBytes(await source.blob(nextBlob)),
      answers: this.#plan.training,
      engine: this.#engine,
      seed: EVALUATION_SEED,
    });
    return {
      number: Number(view.number),
      baseRoot: view.baseRoot,
      nextRoot,
      updatesRoot,
      counted: view.counted,
      refused: view.refused,
      seconds: timed ?? Math.max((committedAt - openedAt) / 1000, 0),
      evaluation: { unseen: scoreOf(evaluation), training: scoreOf(report) },
      transaction,
    };
  }
}

const parseRounds = parserOf(Type.Array(RoundReportSchema), "Measured rounds");

function scoreOf({ mean, min, fairness }: Score): Score {
  return { mean, min, fairness };
}
