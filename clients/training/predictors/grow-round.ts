import {
  type AddedBlocks,
  type AddedQuestion,
  type AddedState,
  addedStates,
  blocksNamed,
  ENOUGH_MEMBERS,
  RECORD_UNIT,
  YOUTH,
} from "./added-questions.ts";
import type { ParameterBlock, RoundGrowth } from "./predictor.ts";
import { ADDED_UNIT } from "./tilt-graph.ts";
import { lentLogits, type OptionTable } from "./tilt-options.ts";

/**
 * Part of the first rate that the network restarts with for a young question, whose vector it could
 * not learn at the last rate. A whole restart costs questions that everybody answered .005 AS.
 */
const RESTARTED_RATE = 0.3;
/** Weight of the lent base beside a member that answered a young question. */
const LENT_MEMBER = 0.4;
/** Largest factor on the rows of a member that answered. */
const LARGEST_SCALE = 64;
/** Just below the largest entry of an update. */
const LARGEST_ENTRY = 7.9;

export interface GrowthInput {
  readonly questions: readonly AddedQuestion[];
  readonly blocks: readonly ParameterBlock[];
  readonly base: Float32Array;
  /** The questionnaire's options, with all untrained and young questions as borrowers. */
  readonly table: OptionTable;
  /** Base logits of all the questionnaire's options. */
  readonly logits: Float32Array;
}

/**
 * A round for added questions.
 *
 * Rows of a young question are averaged over the members that answered it, and a virtual member of
 * weight `LENT_MEMBER` that stays at the lent base: new = old + sum w_i U_i / (D + LENT_MEMBER w).
 * The service computes a plain mean over all members. So each member scales its rows by W / (D +
 * LENT_MEMBER w) beforehand, with the reach D / W of the round before, which is in the model.
 */
export function growRound(input: GrowthInput): RoundGrowth {
  const { questions, blocks, base, table, logits } = input;
  const named = blocksNamed(blocks);
  const states = addedStates(questions, blocks, base);
  const lent = new Map(
    lentLogits(table, logits).map((values, i) => [table.borrowers[i]!, values] as const),
  );
  const start = base.slice();
  for (const { question, isUntrained, from } of states) {
    const values = lent.get(question);
    if (isUntrained && values !== undefined)
      start.set(
        values.map((logit) => logit / ADDED_UNIT),
        named.base.from + from,
      );
  }
  return {
    start,
    blocks: blocks.flatMap((block) =>
      block.name === "added.option" ? scheduled(block, states) : [restarted(block, states)],
    ),
    finish: (after, answered) => {
      const upload = after.slice();
      for (const state of states)
        scaleRows({ state, named, base, start, after: upload, lent: lent.get(state.question) });
      record(upload, base, { named, states, answered, questions: table.offsets.length - 1 });
      return upload;
    },
  };
}

/** The rows of each added question as a block with the question's own schedule. */
function scheduled(block: ParameterBlock, states: readonly AddedState[]): ParameterBlock[] {
  const width = block.shape[1]!;
  return states.map(({ from, to, age, isMature }) => ({
    ...block,
    shape: [to - from, width],
    from: block.from + from * width,
    to: block.from + to * width,
    ...(!isMature && { schedule: { round: age, rounds: YOUTH, rate: 1 } }),
  }));
}

/** The network takes up a part of its rate again for a young question that will have a vector. */
function restarted(block: ParameterBlock, states: readonly AddedState[]): ParameterBlock {
  const ages = states
    .filter(({ expected, members }) => expected * members > ENOUGH_MEMBERS - 0.5)
    .map(({ age }) => age);
  const round = Math.min(...ages);
  return block.role !== "network" || round >= YOUTH
    ? block
    : { ...block, schedule: { round, rounds: YOUTH, rate: RESTARTED_RATE } };
}

interface Rows {
  readonly state: AddedState;
  readonly named: AddedBlocks;
  readonly base: Float32Array;
  readonly start: Float32Array;
  /** Changed in place. */
  readonly after: Float32Array;
  readonly lent: Float64Array | undefined;
}

function scaleRows({ state, named, base, start, after, lent }: Rows): void {
  const { from, to, members, expected, isMature } = state;
  const width = named.option.shape[1]!;
  const rows = [named.base.from + from, named.base.from + to] as const;
  const options = [named.option.from + from * width, named.option.from + to * width] as const;
  if (expected === 0) {
    // Nobody knows how many answer: this round only counts them.
    for (const [first, end] of [rows, options]) after.set(base.subarray(first, end), first);
    return;
  }
  const virtual = isMature ? 0 : LENT_MEMBER / members;
  const wanted = Math.min(LARGEST_SCALE, 1 / (expected + virtual));
  const pull = virtual === 0 || lent === undefined ? undefined : towards(lent, start, rows);
  for (const [first, end] of [rows, options]) {
    const moves = Float64Array.from({ length: end - first }, (_, i) => {
      const own = after[first + i]! - start[first + i]!;
      return first === rows[0] && pull !== undefined ? own + virtual * pull[i]! : own;
    });
    const scale = Math.min(wanted, LARGEST_ENTRY / largest(moves));
    moves.forEach((move, i) => {
      after[first + i] = start[first + i]! + scale * move;
    });
  }
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** From the base logits of these rows to the lent ones, both centred, in units of `added.base`. */
function towards(
  lent: Float64Array,
  start: Float32Array,
  [from, to]: readonly [number, number],
): Float64Array {
  const differences = lent.map((logit, i) => logit / ADDED_UNIT - start[from + i]!);
  const mean = differences.reduce((sum, value) => sum + value, 0) / (to - from);
  return differences.map((value) => value - mean);
}

function record(
  upload: Float32Array,
  base: Float32Array,
  {
    named,
    states,
    answered,
    questions,
  }: {
    readonly named: AddedBlocks;
    readonly states: readonly AddedState[];
    readonly answered: ReadonlySet<number>;
    readonly questions: number;
  },
): void {
  for (let question = 0; question < questions; question += 1)
    upload[named.reach.from + question] = answered.has(question) ? RECORD_UNIT : 0;
  for (const { index, age, question, members } of states) {
    const entry = named.age.from + index;
    const reached = base[named.reach.from + question]! / RECORD_UNIT;
    const grows = reached * members > 0.25 && age < 2 * YOUTH;
    upload[entry] = base[entry]! + (grows ? RECORD_UNIT : 0);
  }
}
