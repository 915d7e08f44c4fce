import { TrainingError } from "./errors.ts";

/** Training shows a model some answers of a group and asks for others: two is the least. */
export const LEAST_ANSWERS = 2;

/** Whether a group has enough answers to train on. */
export function canTrainOn({ answers }: { readonly answers: readonly unknown[] }): boolean {
  return answers.length >= LEAST_ANSWERS;
}

/** The groups that training uses. Throws `answers-invalid` if there is none. */
export function trainableGroups<Group extends { readonly answers: readonly unknown[] }>(
  groups: readonly Group[],
): readonly Group[] {
  const trainable = groups.filter(canTrainOn);
  if (trainable.length > 0) return trainable;
  throw new TrainingError(
    "answers-invalid",
    "no group answers two questions or more, which training needs: one to show and one to ask",
    { groups: groups.length },
  );
}
