import { openPrediction } from "./evaluate.ts";
import { memoized } from "./predictors/memoized.ts";
import type { NewQuestion, Predictor } from "./predictors/predictor.ts";
import type { Engine } from "./sessions/engine.ts";
import type { Task } from "./tasks.ts";

/**
 * Numbers of tasks that programs are built for. A program is kept per number, so that there must be
 * few; tasks are padded up to the next one.
 */
const BATCHES = [1, 8, 64] as const;
/** Numbers that one program may attend to at a time, where tokens attend to each other. */
const ATTENTION_LIMIT = 2 ** 23;
/** Options of a question, roughly. */
const OPTIONS = 4;

/**
 * As `predictTasks` for any number of tasks, in memory that does not grow with it: a fixed number
 * of tasks at a time, by few programs. Questions that nobody trained take over what the group's
 * answers to their relatives say (`Predictor.transfer`).
 */
export async function predictInBatches(
  predictor: Predictor,
  model: Int32Array,
  tasks: readonly Task[],
  engine: Engine,
  newQuestions: readonly NewQuestion[] = [],
): Promise<Float32Array[][]> {
  const longest = Math.max(0, ...tasks.map(sizeOf));
  const limit = largestBatch(predictor, longest);
  const transfer = predictor.transfer?.(model, newQuestions);
  // With new questions the predictor keeps no program: each batch would make and load its own.
  const ofSize = memoized((tasks: number) =>
    openPrediction({ predictor, model, engine, newQuestions }, { tasks, questions: longest }),
  );
  const predicted: Float32Array[][] = [];
  for (let from = 0; from < tasks.length; ) {
    const left = Math.min(tasks.length - from, limit);
    const size = BATCHES.find((batch) => batch >= left) ?? limit;
    const batch = tasks.slice(from, from + left);
    const padded = [...batch, ...new Array<Task>(size - left).fill(NOTHING)];
    const shares = await (await ofSize(size))(padded);
    batch.forEach((task, index) => {
      predicted.push(transfer?.(task, shares[index]!) ?? shares[index]!);
    });
    from += left;
  }
  return predicted;
}

const NOTHING: Task = { context: [], targets: [] };

function sizeOf({ context, targets }: Task): number {
  return context.length + targets.length;
}

function largestBatch({ attends }: Predictor, questions: number): number {
  if (attends !== true) return BATCHES.at(-1)!;
  const most = ATTENTION_LIMIT / (OPTIONS * questions) ** 2;
  return BATCHES.findLast((batch) => batch <= most) ?? 1;
}
