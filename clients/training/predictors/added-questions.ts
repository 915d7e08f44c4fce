import { PlenaryError, type Questionnaire } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import type { ParameterSpecification } from "./parameters.ts";
import type { ParameterBlock } from "./predictor.ts";
import { ADDED_UNIT } from "./tilt-graph.ts";

/** Room for questions that are added while a federation runs. */
export const Reserve = Type.Object(
  {
    questions: Type.Integer({ minimum: 1, maximum: 100_000 }),
    options: Type.Integer({ minimum: 2, maximum: 1_000_000 }),
  },
  { additionalProperties: false },
);
export type Reserve = Static<typeof Reserve>;

/**
 * Unit of the blocks `reach` and `age`. It keeps their part of an update's norm small beside
 * that of the parameters.
 */
export const RECORD_UNIT = 1 / 64;
/**
 * Blocks of records and bases have a multiple of 64 entries and come first: the int8 codec has one
 * scale per 64 entries, and entries of another size beside them would be rounded to nothing.
 */
const ALIGNMENT = 64;
/** Rounds after which a question that enough members answered is like any other. */
export const YOUTH = 8;
/** Members that must have answered a question before its vector counts in predictions. */
export const ENOUGH_MEMBERS = 3;
/** The blocks that hold added questions, without and with those that the first questions have. */
export function reserveSpecifications(
  { questions, options }: Reserve,
  firstQuestions: number,
  outputs: number,
): ParameterSpecification[] {
  const aligned = (size: number) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  const rows = aligned(options);
  return [
    /** Share of the last round's weight that answered each question. */
    { name: "reach", shape: [aligned(firstQuestions + questions)], role: "record" },
    /** Rounds for which each added question was trained. */
    { name: "age", shape: [aligned(questions)], role: "record" },
    { name: "added.base", shape: [rows], role: "prior", rate: 1 / ADDED_UNIT ** 2 },
    { name: "added.option", shape: [rows, outputs] },
  ];
}

export interface AddedQuestion {
  /** Position in the questionnaire. */
  readonly question: number;
  /** Position among the added questions. */
  readonly index: number;
  /** First row in the blocks of added questions, and one past the last. */
  readonly from: number;
  readonly to: number;
  readonly members: number;
  readonly pilots: number;
}

/** The added questions of a questionnaire, which must fit into the reserve. */
export function addedQuestions(
  { questions }: Pick<Questionnaire, "questions">,
  reserve: Reserve | undefined,
): AddedQuestion[] {
  const found: AddedQuestion[] = [];
  questions.forEach(({ id, options, added }, question) => {
    if (added === undefined && found.length === 0) return;
    if (added === undefined)
      throw misplaced(id, "follows an added one: added questions come after all others");
    const from = found.at(-1)?.to ?? 0;
    const { members, pilots = 0 } = added;
    const to = from + options.length;
    found.push({ question, index: found.length, from, to, members, pilots });
    if (reserve === undefined)
      throw misplaced(id, "was added, but the predictor reserves no room for new questions");
    if (found.length > reserve.questions || to > reserve.options)
      throw misplaced(
        id,
        `does not fit: there is room for ${reserve.questions} questions with ${reserve.options} options`,
      );
  });
  return found;
}

function misplaced(question: string, problem: string): PlenaryError {
  return new PlenaryError("invalid-input", `Questionnaire: question ${question} ${problem}.`, {
    question,
  });
}

/** The blocks that hold added questions. */
export interface AddedBlocks {
  readonly reach: ParameterBlock;
  readonly age: ParameterBlock;
  readonly base: ParameterBlock;
  readonly option: ParameterBlock;
}

/** What a model says about its added questions. */
export interface AddedState extends AddedQuestion {
  /** Rounds of training. */
  readonly age: number;
  /** Share of the weight of the round to come that is expected to answer; 0 if unknown. */
  readonly expected: number;
  readonly isUntrained: boolean;
  /** Whether enough members answered it for long enough. */
  readonly isMature: boolean;
}

/** Finds them by their names. */
export function blocksNamed(blocks: readonly ParameterBlock[]): AddedBlocks {
  const named = (name: string) => blocks.find((block) => block.name === name)!;
  return {
    reach: named("reach"),
    age: named("age"),
    base: named("added.base"),
    option: named("added.option"),
  };
}

/** Reads the state of the added questions from a model. */
export function addedStates(
  questions: readonly AddedQuestion[],
  blocks: readonly ParameterBlock[],
  model: Float32Array,
): AddedState[] {
  if (questions.length === 0) return [];
  const { reach, age, base } = blocksNamed(blocks);
  return questions.map((added) => {
    const { members, pilots } = added;
    const reached = model[reach.from + added.question]! / RECORD_UNIT;
    const rounds = Math.round(model[age.from + added.index]! / RECORD_UNIT);
    // A quarter of a member is less than any counts, and more than rounding leaves.
    const isReached = reached * members > 0.25;
    const logits = model.subarray(base.from + added.from, base.from + added.to);
    return {
      ...added,
      age: rounds,
      expected: isReached ? reached : Math.min(pilots / members, 1),
      isUntrained: logits.every((logit) => logit === 0),
      isMature: rounds >= YOUTH - 1 && reached * members > ENOUGH_MEMBERS - 0.5,
    };
  });
}

/** Share of the last round's weight that answered each question; null without a reserve. */
export function reachOf(
  blocks: readonly ParameterBlock[],
  model: Float32Array,
  question: number,
): number | null {
  const reach = blocks.find(({ name }) => name === "reach");
  if (reach === undefined) return null;
  return Math.min(Math.max(model[reach.from + question]! / RECORD_UNIT, 0), 1);
}
