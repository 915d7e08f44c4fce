import { type AnswerSet, randomStream } from "@plenary/protocol";
import type { Dataset } from "@plenary/sdk";
import type { TrainingSettings } from "@plenary/training";

/** One federation to try: a data set, how much of it the members have, and the draw. */
export interface Case {
  readonly dataset: string;
  /** Probability with which a training cell stays; 1 for all of them. */
  readonly keep: number;
  /** 1, 2, ...: fixes the groups that train and the cells that stay. */
  readonly seed: number;
  readonly rounds: number;
  /** Members start each round with a new optimiser, as they must where training is audited. */
  readonly fresh: boolean;
  /** What differs from the default training settings. */
  readonly training: Partial<TrainingSettings>;
}

/** Splits that docs/benchmarks.md uses, by seed. */
const SPLITS = [7, 20, 21];
const SPARSE_MEMBERS = 8;

export interface Members {
  /** One group each. */
  readonly answers: readonly AnswerSet[];
  /** Groups on which nobody trains, with all their cells. */
  readonly unseen: AnswerSet;
}

/**
 * Thinned sets have 8 members and every question. Full sets have all training groups and leave the
 * held-out families out, as `predictor-splits` does.
 */
export function membersOf(dataset: Dataset, { keep, seed }: Case): Members {
  const split = dataset.split(SPLITS[seed - 1] ?? seed);
  if (keep === 1) {
    const held = dataset.heldOutFamilies;
    return {
      answers: split.training.map((group) => dataset.answersOf([group], held)),
      unseen: dataset.answersOf(split.unseen, held),
    };
  }
  const groups = split.training.slice(0, SPARSE_MEMBERS);
  return {
    answers: groups.map((group) => thinned(dataset.answersOf([group]), keep, seed)),
    unseen: dataset.answersOf(split.unseen),
  };
}

/** Each cell stays with probability `keep`; the draw depends on seed, group and question alone. */
export function thinned(answers: AnswerSet, keep: number, seed: number): AnswerSet {
  const groups = answers.groups.map((group) => ({
    ...group,
    answers: group.answers.filter(
      ({ question }) => randomStream(seed, "thinned", group.id, question).unit() < keep,
    ),
  }));
  return { version: 1, groups };
}

/** The answers to questions that at least one member answered. */
export function trainedOnly(answers: AnswerSet, members: readonly AnswerSet[]): AnswerSet {
  const trained = new Set(
    members.flatMap(({ groups }) =>
      groups.flatMap((group) => group.answers.map(({ question }) => question)),
    ),
  );
  const groups = answers.groups.map((group) => ({
    ...group,
    answers: group.answers.filter(({ question }) => trained.has(question)),
  }));
  return { version: 1, groups };
}

/** All members' answers in one set. */
export function together(members: readonly AnswerSet[]): AnswerSet {
  return { version: 1, groups: members.flatMap(({ groups }) => groups) };
}
