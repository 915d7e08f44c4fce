import { optionOffsets } from "@plenary/protocol";
import { kinshipTable, type Relatives } from "./kinship.ts";
import type { Predictor } from "./predictors/predictor.ts";
import type { TrainingSettings } from "./settings.ts";
import type { GroupShares } from "./tasks.ts";

/** How a member moves a base distribution, besides along its own gradient. */
export interface PriorStep {
  /** The block that it is for; undefined for none. */
  readonly block?: string;
  /** Factor on the prior's step size that keeps shared steps stable. */
  readonly rate: number;
  /** Factor on the base after the last step of a round. */
  readonly keep: number;
  /** The options that share an answered option's step. Empty without kinship. */
  readonly shared: ReadonlyMap<number, Relatives>;
}

/** Along the gradient alone. */
export const PLAIN_PRIOR_STEP: PriorStep = { rate: 1, keep: 1, shared: new Map() };

/** The block of base logits of the questions that the federation began with. */
const PRIOR = "base";

/** Steps of a softmax are stable below about four; half of that leaves a margin. */
const LARGEST_SHARING = 2;

/**
 * The prior's step of a member, from its own answers and public values alone, so that an audit can
 * make it again.
 *
 * A step on an answered option also moves its relatives, by kinship K. After a round every member
 * takes off a part of the whole base: the more, the less of the questionnaire it answered. Where
 * few members answer a question, the federation's base so comes to rest at kernel ridge regression
 * on the answers, b = K N (K N + d I)^-1 y for N answering members: near the answers where many
 * gave them, and near those of similar questions where few did. Questions that nobody has trained
 * stay at 0, because predictors treat them apart. Added questions have a block and a shrinkage of
 * their own.
 */
export function priorStepOf(
  predictor: Predictor,
  training: TrainingSettings,
  groups: readonly GroupShares[],
  base: Float32Array,
): PriorStep {
  const { priorDecay = 0, priorKinship = 0 } = training;
  const block = predictor.blocks.find(({ name }) => name === PRIOR);
  if (block === undefined || (priorDecay === 0 && priorKinship === 0)) return PLAIN_PRIOR_STEP;
  const own = base.subarray(block.from, block.to);
  const questions = firstQuestions(predictor, own.length);
  const answered = new Set(
    groups
      .flatMap(({ answers }) => answers.map(({ question }) => question))
      .filter((question) => question < questions),
  );
  const keep = 1 - priorDecay * (1 - answered.size / questions);
  const plain = { ...PLAIN_PRIOR_STEP, block: PRIOR, keep };
  if (priorKinship === 0) return plain;
  const shared = sharedSteps(predictor, priorKinship, answered, own);
  return { ...plain, rate: stableRate(shared), shared };
}

/** Number of the questions whose options make up a base of this length. */
function firstQuestions({ questionnaire }: Predictor, rows: number): number {
  return optionOffsets(questionnaire).indexOf(rows);
}

function sharedSteps(
  predictor: Predictor,
  strength: number,
  answered: ReadonlySet<number>,
  base: Float32Array,
): ReadonlyMap<number, Relatives> {
  const offsets = optionOffsets(predictor.questionnaire);
  const table = kinshipTable(predictor);
  const moving = new Uint8Array(base.length);
  Array.from({ length: offsets.indexOf(base.length) }).forEach((_, question) => {
    const [from, to] = [offsets[question]!, offsets[question + 1]!];
    if (answered.has(question) || base.subarray(from, to).some((logit) => logit !== 0))
      moving.fill(1, from, to);
  });
  const rowsOf = (question: number) =>
    Array.from(
      { length: offsets[question + 1]! - offsets[question]! },
      (_, option) => offsets[question]! + option,
    );
  const rows = [...answered].toSorted((a, b) => a - b).flatMap(rowsOf);
  return new Map(
    rows.map((row) => {
      const relatives = table.of(row);
      const kept = relatives.rows.map((other, i) => [other, relatives.kinship[i]!] as const);
      const taken = kept.filter(([other]) => moving[other] === 1);
      return [
        row,
        {
          rows: taken.map(([other]) => other),
          kinship: taken.map(([, kinship]) => kinship * strength),
        },
      ];
    }),
  );
}

/** By Gershgorin's bound on how much the answered options amplify each other's steps. */
function stableRate(shared: ReadonlyMap<number, Relatives>): number {
  let largest = 1;
  for (const { rows, kinship } of shared.values()) {
    let sum = 1;
    rows.forEach((row, i) => {
      if (shared.has(row)) sum += kinship[i]!;
    });
    largest = Math.max(largest, sum);
  }
  return Math.min(1, LARGEST_SHARING / largest);
}

/**
 * Adds each answered option's gradient to its relatives', in place; `offset` is the base's place in
 * the gradient.
 */
export function shareGradient(step: PriorStep, gradient: Float32Array, offset: number): void {
  if (step.shared.size === 0) return;
  const added = new Float64Array(gradient.length - offset);
  for (const [row, { rows, kinship }] of step.shared) {
    const own = gradient[offset + row]!;
    for (let i = 0; i < rows.length; i += 1) added[rows[i]!]! += kinship[i]! * own;
  }
  for (let row = 0; row < added.length; row += 1) gradient[offset + row]! += added[row]!;
}
