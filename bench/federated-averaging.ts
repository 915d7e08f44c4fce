import { createAggregator, createStrategy, type WeightedDelta } from "@plenary/algorithms";
import { type AnswerSet, deltaOf } from "@plenary/protocol";
import {
  type OptimizerState,
  type Predictor,
  type TrainRoundInput,
  trainRound,
} from "@plenary/training";

/** A federation in this process: the product's training and averaging, without service or chain. */
export interface Federation {
  readonly model: Int32Array;
  /** Each member's optimiser after its last round; absent where it starts again. */
  readonly optimizers: readonly (OptimizerState | undefined)[];
}

export interface RoundSetting extends Pick<TrainRoundInput, "predictor" | "training" | "engine"> {
  /** Whether optimisers start again in every round, as they must where training is audited. */
  readonly fresh?: boolean;
  /** What the service has of a member's delta; by default all of it. */
  readonly received?: (delta: Int32Array) => Int32Array;
}

export function newFederation(predictor: Predictor): Federation {
  return { model: predictor.initialParameters(1), optimizers: [] };
}

/** One round of FedAvg. A single member is central training. A member's seed is its place. */
export async function playRound(
  { fresh = false, received = (delta) => delta, ...setting }: RoundSetting,
  members: readonly AnswerSet[],
  { model, optimizers }: Federation,
  round: number,
): Promise<Federation> {
  const updates: WeightedDelta[] = [];
  const kept: OptimizerState[] = [];
  for (const [seed, answers] of members.entries()) {
    const optimizerState = fresh ? undefined : optimizers[seed];
    const input = { ...setting, base: model, answers, round, seed, optimizerState };
    const { after, weight, optimizerState: next } = await trainRound(input);
    kept.push(next);
    updates.push({ delta: received(deltaOf(model, after)), weight });
  }
  const mean = createAggregator({ name: "mean" }).aggregate(updates);
  const strategy = createStrategy({ name: "fedavg" });
  const { next } = strategy.apply(model, mean, strategy.init(model.length));
  return { model: next, optimizers: kept };
}

/** The model after each of `rounds` rounds. */
export async function* playRounds(
  setting: RoundSetting,
  members: readonly AnswerSet[],
  rounds: number,
): AsyncGenerator<Int32Array> {
  let federation = newFederation(setting.predictor);
  for (let round = 0; round < rounds; round += 1) {
    federation = await playRound(setting, members, federation, round);
    yield federation.model;
  }
}

/** The model after `rounds` rounds. */
export async function trainTogether(
  setting: RoundSetting,
  members: readonly AnswerSet[],
  rounds: number,
): Promise<Int32Array> {
  let last = setting.predictor.initialParameters(1);
  for await (const model of playRounds(setting, members, rounds)) last = model;
  return last;
}
