import {
  type AnswerSet,
  type Questionnaire,
  type RandomStream,
  randomStream,
  type Seed,
} from "@plenary/protocol";
import { type AlignmentReport, alignmentReport } from "./alignment.ts";
import { EVALUATION_DRAWS, evaluableGroups, evaluationTasks, predictTasks } from "./evaluate.ts";
import { type HeldOutHalves, heldOutHalves } from "./held-out-halves.ts";
import { type Distances, distances, type MeasuredCell, type Scores, scoresOf } from "./measures.ts";
import { noiseCeiling } from "./noise-ceiling.ts";
import type { Predictor } from "./predictors/predictor.ts";
import type { Engine } from "./sessions/engine.ts";
import { type GroupShares, type QuestionAnswer, sharesOf, type Task } from "./tasks.ts";

export interface MeasureInput {
  readonly predictor: Predictor;
  /** Fixed point. */
  readonly model: Int32Array;
  /** Held-out answers. */
  readonly answers: AnswerSet;
  readonly engine: Engine;
  /** Of the contexts, as in `evaluateModel`. */
  readonly seed: Seed;
  /** Of the two halves of the groups. */
  readonly halves: Seed;
}

/** A model on held-out groups: alignment of all of them, and what its two halves say. */
export interface ModelMeasures extends AlignmentReport {
  /** Half of the groups, by whose mean alignment the best round is chosen. */
  readonly choosing: { readonly groups: readonly string[]; readonly alignment: number };
  /** The other half. Questions that no member has trained are apart; null where there are none. */
  readonly reporting: {
    readonly groups: readonly string[];
    readonly trained: Scores | null;
    readonly untrained: Scores | null;
  };
}

interface MeasuredGroup {
  readonly id: string;
  readonly cells: readonly (MeasuredCell & { readonly question: number })[];
}

/**
 * Measures of a model on held-out groups, for people. Each group shows some answers and is asked
 * for its others, as in `evaluateModel`. Throws `answers-invalid` if no group has two answers.
 */
export async function measureModel(input: MeasureInput): Promise<ModelMeasures> {
  const { predictor, model, answers, halves } = input;
  const measured = await measureGroups(input);
  const untrained = new Set(predictor.untrained?.(model) ?? []);
  const report = alignmentReport(
    measured.map(({ id, cells }) => ({
      id,
      alignment: mean(cells.map((cell) => cell.model.alignment)),
    })),
  );
  const alignments = new Map(report.groups.map(({ id, alignment }) => [id, alignment]));
  const ids = answers.groups.map(({ id }) => id).filter((id) => alignments.has(id));
  const { choosing, reporting }: HeldOutHalves = heldOutHalves(ids, halves);
  const reported = measured.filter(({ id }) => reporting.includes(id));
  const part = (isUntrained: boolean) =>
    scoresOf(
      reported.map(({ cells }) =>
        cells.filter(({ question }) => untrained.has(question) === isUntrained),
      ),
    );
  return {
    ...report,
    choosing: { groups: choosing, alignment: mean(choosing.map((id) => alignments.get(id)!)) },
    reporting: { groups: reporting, trained: part(false), untrained: part(true) },
  };
}

async function measureGroups(input: MeasureInput): Promise<MeasuredGroup[]> {
  const { predictor, model, answers, engine, seed } = input;
  const { questionnaire } = predictor;
  const groups = evaluableGroups(sharesOf(answers, questionnaire));
  const tasks = groups.flatMap((group) => evaluationTasks(group, seed));
  const predicted = await predictTasks(predictor, model, tasks, engine);
  const withoutContext = await predictWithoutContext(input, tasks);
  const ceilings = noiseCeilings(answers, questionnaire, seed);
  return groups.map(({ id }: GroupShares, index) => {
    const from = index * EVALUATION_DRAWS;
    const cells = tasks.slice(from, from + EVALUATION_DRAWS).flatMap(({ targets }, draw) =>
      targets.map(({ question, shares }, position) => ({
        question,
        model: distances(predicted[from + draw]![position]!, shares),
        withoutContext: distances(withoutContext.get(question)!, shares),
        uniform: distances(
          shares.map(() => 1 / shares.length),
          shares,
        ),
        ceiling: ceilings(id, question),
      })),
    );
    return { id, cells };
  });
}

/** What the model says of any group of which it sees nothing, for all questions that are asked. */
async function predictWithoutContext(
  { predictor, model, engine }: MeasureInput,
  tasks: readonly Task[],
): Promise<ReadonlyMap<number, Float32Array>> {
  const asked = new Map<number, QuestionAnswer>();
  for (const target of tasks.flatMap(({ targets }) => targets)) asked.set(target.question, target);
  const targets = [...asked.values()];
  const [shares] = await predictTasks(predictor, model, [{ context: [], targets }], engine);
  return new Map(targets.map(({ question }, position) => [question, shares![position]!]));
}

/** The noise ceiling of a group's question; a cell that several draws ask has one. */
function noiseCeilings(
  { groups }: AnswerSet,
  { questions }: Pick<Questionnaire, "questions">,
  seed: Seed,
): (group: string, question: number) => Distances | null {
  const counts = new Map(
    groups.map(({ id, answers }) => [
      id,
      new Map(answers.map((answer) => [answer.question, answer.counts])),
    ]),
  );
  const known = new Map<string, Distances | null>();
  return (group, question) => {
    const { id } = questions[question]!;
    const key = JSON.stringify([group, id]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const random: RandomStream = randomStream(seed, "split halves", group, id);
    const ceiling = noiseCeiling(counts.get(group)!.get(id)!, random);
    known.set(key, ceiling);
    return ceiling;
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
