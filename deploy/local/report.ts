import {
  type AnswerSet,
  Base58Address,
  Base58Signature,
  countCells,
  HexHash,
  MeasuresView,
  parserOf,
  type Questionnaire,
  ScoresView,
  U64String,
} from "@plenary/protocol";
import { LocalStackError, replaceFile, systemCode } from "@plenary/stack";
import Type, { type Static } from "typebox";
import type { Claim } from "./claims.ts";

const strict = { additionalProperties: false };

/** Alignment scores over groups: mean, worst group, and fairness index 1 / (1 + variation^2). */
export const ScoreSchema = Type.Object(
  { mean: Type.Number(), min: Type.Number(), fairness: Type.Number() },
  strict,
);
export type Score = Static<typeof ScoreSchema>;

/** Scores on groups that no member has, and on the members' own. */
export const EvaluationSchema = Type.Object({ unseen: ScoreSchema, training: ScoreSchema }, strict);
export type Evaluation = Static<typeof EvaluationSchema>;

export const RoundReportSchema = Type.Object(
  {
    /** The number on chain; void rounds leave gaps. */
    number: Type.Integer({ minimum: 1 }),
    baseRoot: HexHash,
    nextRoot: HexHash,
    updatesRoot: HexHash,
    counted: Type.Integer({ minimum: 0 }),
    refused: Type.Integer({ minimum: 0 }),
    /** From the opening on chain to the commitment on chain. */
    seconds: Type.Number({ minimum: 0 }),
    evaluation: EvaluationSchema,
    /** The commitment. */
    transaction: Base58Signature,
  },
  strict,
);
export type RoundReport = Static<typeof RoundReportSchema>;

/**
 * The round that is best on one half of the unseen groups, by what the other half says of it:
 * on questions that members trained, beside uniform answers, the model without context and the
 * noise ceiling. `groupMean` is the mean of the members' groups, on all answers of that half.
 */
const ChosenSchema = Type.Object(
  {
    round: Type.Integer({ minimum: 1 }),
    groups: Type.Array(Type.String()),
    scores: ScoresView,
    groupMean: MeasuresView,
  },
  strict,
);
export type Chosen = Static<typeof ChosenSchema>;

const SideSchema = Type.Object(
  {
    groups: Type.Array(Type.String()),
    /** (question, group) pairs with answers. */
    cells: Type.Integer({ minimum: 0 }),
    /** The fewest and the most questions that one of the groups answers. */
    answersPerGroup: Type.Tuple([Type.Integer(), Type.Integer()]),
  },
  strict,
);

/** What the run had to learn from. */
const DataSchema = Type.Object(
  {
    questions: Type.Integer({ minimum: 1 }),
    training: SideSchema,
    unseen: SideSchema,
  },
  strict,
);
export type DataReport = Static<typeof DataSchema>;

/** The numbers of a run's data. */
export function dataReportOf({ questionnaire, training, unseen }: RunData): DataReport {
  const sideOf = (answers: AnswerSet) => {
    const sizes = answers.groups.map((group) => group.answers.length);
    return {
      groups: answers.groups.map(({ id }) => id),
      cells: countCells(answers),
      answersPerGroup: [Math.min(...sizes), Math.max(...sizes)] as [number, number],
    };
  };
  return {
    questions: questionnaire.questions.length,
    training: sideOf(training),
    unseen: sideOf(unseen),
  };
}

interface RunData {
  readonly questionnaire: Pick<Questionnaire, "questions">;
  readonly training: AnswerSet;
  readonly unseen: AnswerSet;
}

/** What a run measured: the form of the file that `--report` writes. */
export const ReportSchema = Type.Object(
  {
    federation: Base58Address,
    program: Base58Address,
    dataset: Type.String({ minLength: 1 }),
    data: DataSchema,
    rounds: Type.Array(RoundReportSchema),
    baselines: Type.Object({ uniform: EvaluationSchema, trainingMean: EvaluationSchema }, strict),
    /** Null if no round was evaluated. */
    chosen: Type.Union([ChosenSchema, Type.Null()]),
    /** Evaluated rounds in a row, up to the last one, that were worse than the chosen one. */
    fallingRounds: Type.Integer({ minimum: 0 }),
    claims: Type.Array(
      Type.Object(
        { member: Base58Address, amount: U64String, transaction: Base58Signature },
        strict,
      ),
    ),
    totals: Type.Object(
      {
        rounds: Type.Integer({ minimum: 0 }),
        members: Type.Integer({ minimum: 0 }),
        counted: Type.Integer({ minimum: 0 }),
        refused: Type.Integer({ minimum: 0 }),
        /** Sum of the rounds' seconds. */
        seconds: Type.Number({ minimum: 0 }),
        /** Base units of the reward mint, as the chain has them. */
        earned: U64String,
        claimed: U64String,
      },
      strict,
    ),
  },
  strict,
);
export type Report = Static<typeof ReportSchema>;

/** Reads a report. Throws `invalid-input` naming the field that is wrong. */
export const parseReport: (value: unknown) => Report = parserOf(ReportSchema, "Report");

/** What a run has come to, from which its report is made. */
export interface RunOutcome
  extends Pick<
    Report,
    "federation" | "program" | "dataset" | "data" | "baselines" | "chosen" | "fallingRounds"
  > {
  readonly rounds: readonly RoundReport[];
  /** How many there are. */
  readonly members: number;
  readonly claims: readonly Claim[];
  /** Base units of the reward mint, as the chain has them. */
  readonly earned: bigint;
  readonly claimed: bigint;
}

export function reportOf({ members, earned, claimed, ...outcome }: RunOutcome): Report {
  const { rounds, claims } = outcome;
  const sum = (value: (round: RoundReport) => number) =>
    rounds.reduce((total, round) => total + value(round), 0);
  return {
    ...outcome,
    rounds: [...rounds],
    claims: claims.map((claim) => ({ ...claim, amount: String(claim.amount) })),
    totals: {
      rounds: rounds.length,
      members,
      counted: sum(({ counted }) => counted),
      refused: sum(({ refused }) => refused),
      seconds: Math.round(sum(({ seconds }) => seconds) * 1000) / 1000,
      earned: String(earned),
      claimed: String(claimed),
    },
  };
}

/** Writes a report that has the form above, whole or not at all. */
export function writeReport(file: string, report: Report): void {
  try {
    replaceFile(file, `${JSON.stringify(parseReport(report), null, 2)}\n`);
  } catch (cause) {
    if (systemCode(cause) === "") throw cause;
    throw new LocalStackError(
      "run-failed",
      `Cannot write the report to ${file} (${systemCode(cause)}): choose a file in a folder that exists and is writable.`,
      { file },
      { cause },
    );
  }
}
