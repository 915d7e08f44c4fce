import Type, { type Static } from "typebox";

/** Measures of predictions over groups: means over the groups' means. */
export const MeasuresView = Type.Object({
  /** Alignment score, 1 - Jensen-Shannon distance: 1 is perfect. */
  alignment: Type.Number(),
  /** The lowest alignment of a group. */
  worst: Type.Number(),
  /** Wasserstein distance over the options in their order, divided by options - 1: 0 is perfect. */
  wasserstein: Type.Number(),
  /** 0 is perfect. */
  totalVariation: Type.Number(),
  /** SimBench's S, 100 (1 - total variation / uniform's): 100 is perfect, 0 as good as uniform. */
  simbench: Type.Union([Type.Number(), Type.Null()]),
});
export type MeasuresView = Static<typeof MeasuresView>;

/** A model on some questions, beside what it has to be compared with on the same questions. */
export const ScoresView = Type.Object({
  /** (question, group) cells that were asked, counted once per draw of what a group shows. */
  cells: Type.Integer({ minimum: 1 }),
  model: MeasuresView,
  /** The same model when it sees no answers of the group: about the mean of the members' groups. */
  withoutContext: MeasuresView,
  /** The same share for all options. */
  uniform: MeasuresView,
  /** What a perfect prediction would reach, given how many people were asked. */
  ceiling: Type.Union([MeasuresView, Type.Null()]),
});
export type ScoresView = Static<typeof ScoresView>;

const Groups = Type.Array(Type.String());

/**
 * Scores on the held-out groups. They are for people; pay does not depend on them. `mean`, `min`,
 * `fairness` and `groups` are alignment scores of all held-out groups. `halves` is absent in
 * rounds that an older service evaluated: one half of the groups chooses the best round, the other
 * reports, so that the report of a chosen round does not flatter.
 */
export const EvaluationView = Type.Object({
  mean: Type.Number(),
  min: Type.Number(),
  fairness: Type.Number(),
  groups: Type.Array(Type.Object({ id: Type.String(), alignment: Type.Number() })),
  halves: Type.Optional(
    Type.Object({
      choosing: Type.Object({ groups: Groups, alignment: Type.Number() }),
      reporting: Type.Object({
        groups: Groups,
        /** On questions that a member has trained. */
        trained: Type.Union([ScoresView, Type.Null()]),
        /** On questions that nobody has trained: the model lends them what it knows of others. */
        untrained: Type.Union([ScoresView, Type.Null()]),
      }),
    }),
  ),
});
export type EvaluationView = Static<typeof EvaluationView>;

/** So many rounds in a row below the chosen one are a warning. */
export const FALLING_ROUNDS = 3;
