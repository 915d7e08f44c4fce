import { PlenaryError, parserOf } from "@plenary/protocol";
import Type, { type Static } from "typebox";

const Range = Type.Tuple([
  Type.Integer({ minimum: 1, maximum: 100_000 }),
  Type.Integer({ minimum: 1, maximum: 100_000 }),
]);

/**
 * Members' training between two rounds; part of the configuration whose hash is recorded on chain.
 */
export const TrainingSettingsSchema = Type.Object(
  {
    /** Optimiser steps per round. */
    localSteps: Type.Integer({ minimum: 1, maximum: 100_000 }),
    /** Random splits into context and targets that one step averages over. */
    tasksPerStep: Type.Integer({ minimum: 1, maximum: 1024 }),
    optimizer: Type.Union([Type.Literal("adamw"), Type.Literal("sgd")]),
    learningRate: Type.Number({ exclusiveMinimum: 0, maximum: 100 }),
    weightDecay: Type.Number({ minimum: 0, maximum: 1 }),
    /** `cosine` lets the rate fall to 1/20 over `scheduleRounds` rounds, where it stays. */
    schedule: Type.Union([Type.Literal("constant"), Type.Literal("cosine")]),
    scheduleRounds: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    /** Largest L2 norm of the network's gradient in one step; 0 for any norm. */
    clipNorm: Type.Number({ minimum: 0, maximum: 1e9 }),
    /** Fewest and most questions shown in a task. */
    context: Range,
    /** Fewest and most questions asked in a task. */
    targets: Range,
    /** Step size of the base distributions (tilt); other predictors have none. */
    priorLearningRate: Type.Number({ minimum: 0, maximum: 100 }),
    /**
     * Part of the base distributions that a member takes off in a round, times the part of the
     * questionnaire that it did not answer. Absent: 0.
     */
    priorDecay: Type.Optional(Type.Number({ minimum: 0, maximum: 0.5 })),
    /**
     * How much of a step on the base of an option moves the options with a similar text, at the
     * same place of questions with as many options; 0 to 1. Absent: 0.
     */
    priorKinship: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  },
  { additionalProperties: false },
);
/** A configuration's section `training`: optimiser, learning rate, batches and steps. */
export type TrainingSettings = Static<typeof TrainingSettingsSchema>;

const parseForm = parserOf(TrainingSettingsSchema, "Configuration: training");

/** Throws `invalid-input` naming the field that is wrong. */
export function parseTrainingSettings(value: unknown): TrainingSettings {
  const settings = parseForm(value);
  for (const field of ["context", "targets"] as const) {
    const [fewest, most] = settings[field];
    if (fewest > most) {
      throw new PlenaryError(
        "invalid-input",
        `Configuration: training.${field} must be [fewest, most].`,
        {
          field: `training.${field}`,
        },
      );
    }
  }
  return settings;
}

/**
 * Settings that do well for each predictor on surveys of a hundred questions (docs/benchmarks.md).
 */
export const DEFAULT_TRAINING = {
  tilt: {
    localSteps: 24,
    tasksPerStep: 2,
    optimizer: "adamw",
    learningRate: 0.003,
    weightDecay: 0,
    schedule: "cosine",
    scheduleRounds: 40,
    clipNorm: 0,
    context: [10, 30],
    targets: [20, 60],
    priorLearningRate: 1,
    priorDecay: 0.05,
    priorKinship: 1,
  },
  gpo: {
    localSteps: 6,
    tasksPerStep: 1,
    optimizer: "adamw",
    learningRate: 0.0003,
    weightDecay: 0,
    schedule: "constant",
    scheduleRounds: 40,
    clipNorm: 1,
    context: [10, 30],
    targets: [10, 30],
    priorLearningRate: 0,
  },
} as const satisfies Record<string, TrainingSettings>;

/**
 * Predictor configurations that the defaults above were chosen with; `tilt` is the default
 * predictor.
 */
export const DEFAULT_PREDICTOR = {
  tilt: { name: "tilt", latent: 8, hidden: 64, scoringSteps: 2, lentVector: 0 },
  gpo: {
    name: "gpo",
    layers: 2,
    width: 64,
    heads: 4,
    feedForward: 128,
    likelihood: "cross-entropy",
  },
} as const;
