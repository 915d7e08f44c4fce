import { type AnswerSet, FRACTION_BITS, randomStream, roundHalfUp } from "@plenary/protocol";
import { TrainingError } from "./errors.ts";
import { EVALUATION_CONTEXT, evaluableGroups, predictTasks } from "./evaluate.ts";
import type { Predictor } from "./predictors/predictor.ts";
import type { Engine } from "./sessions/engine.ts";
import { drawEvaluationTask, sharesOf, type Task } from "./tasks.ts";

const SCALE = 2 ** FRACTION_BITS;
/** Bits dropped from the summed squares: 2^20 cells of at most 2^48 each then stay below 2^53. */
const DROPPED_BITS = 16n;
const LARGEST_CELLS = 2 ** 20;

/** A model in fixed point, and the held-out answers that score it. */
export interface UtilityInput {
  readonly predictor: Predictor;
  /** Fixed point. */
  readonly model: Int32Array;
  readonly heldOut: AnswerSet;
  /** Must be the wasm engine: others have to recompute the number. */
  readonly engine: Engine;
}

/**
 * The integer that contribution is measured by: minus the squared errors of the model's predictions
 * on the held-out answers, in units of 2^-32. Predictions and answers are rounded to multiples of
 * 2^-24, errors squared and summed as integers (exact: |error| <= 2^24, at most 2^20 cells), the
 * sum divided by 2^16 rounding up, so that its magnitude is at most 2^52. A prediction that is not
 * finite or outside 0..1 counts as the largest error. Tasks depend on nothing but the held-out
 * answers; with the wasm engine the same model has the same utility on every machine. Throws
 * `engine-mismatch` for another engine.
 */
export async function utility(input: UtilityInput): Promise<number> {
  const { predictor, model, heldOut, engine } = input;
  if (engine.name !== "wasm") {
    throw new TrainingError(
      "engine-mismatch",
      `a utility that others must recompute runs on the wasm engine, not on ${engine.name}`,
      { engine: engine.name },
    );
  }
  const tasks = utilityTasks(heldOut, predictor);
  const predicted = await predictTasks(predictor, model, tasks, engine);
  let squares = 0n;
  tasks.forEach((task, index) => {
    task.targets.forEach(({ shares }, position) => {
      squares += squaredError(predicted[index]![position]!, shares);
    });
  });
  return -Number((squares + (1n << DROPPED_BITS) - 1n) >> DROPPED_BITS);
}

function utilityTasks(heldOut: AnswerSet, predictor: Predictor): Task[] {
  const groups = evaluableGroups(sharesOf(heldOut, predictor.questionnaire));
  const tasks = groups.map((group) =>
    drawEvaluationTask(group, EVALUATION_CONTEXT, randomStream(0, "utility", group.id)),
  );
  const cells = tasks
    .flatMap((task) => task.targets)
    .reduce((total, target) => total + target.shares.length, 0);
  if (cells > LARGEST_CELLS) {
    throw new TrainingError(
      "answers-invalid",
      `a held-out set may ask for at most ${LARGEST_CELLS} shares, so that utilities stay exact; this one asks for ${cells}`,
      { cells },
    );
  }
  return tasks;
}

function squaredError(predicted: Float32Array, shares: readonly number[]): bigint {
  let sum = 0n;
  shares.forEach((share, option) => {
    const value = predicted[option]!;
    // Rounding may leave a share a little above 1.
    const valid = value >= 0 && value <= 1.001;
    const error = valid
      ? roundHalfUp(Math.min(value, 1) * SCALE) - roundHalfUp(share * SCALE)
      : SCALE;
    sum += BigInt(error) ** 2n;
  });
  return sum;
}
