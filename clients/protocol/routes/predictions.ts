import Type, { type Static } from "typebox";
import { Base64, HexHash, U64_PATTERN, U64String } from "../schema.ts";
import { endpoint, READER_ERRORS } from "./endpoint.ts";
import { FederationParams } from "./federations.ts";

/** Most bytes of a request: some hundred groups with 20 answers each. Send more in several. */
const PREDICTION_LIMIT = 512 * 1024;
/** Most predictions (pairs of a group and a question) of one request. */
export const MOST_PREDICTIONS = 10_000;

const Id = Type.String({ minLength: 1, maxLength: 128 });
const strict = { additionalProperties: false };

/** Groups with known answers, and what to predict of them. */
export const PredictionRequest = Type.Object(
  {
    groups: Type.Array(
      Type.Object(
        {
          id: Id,
          answers: Type.Array(
            Type.Object(
              {
                question: Id,
                /** Respondents per option. Weighted shares times the respondents, rounded, do. */
                counts: Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }), {
                  minItems: 2,
                  maxItems: 64,
                }),
              },
              strict,
            ),
            { minItems: 1, maxItems: 1_000 },
          ),
        },
        strict,
      ),
      { minItems: 1, maxItems: MOST_PREDICTIONS },
    ),
    /** Ids of the questions; without them, all that a group has not answered. */
    questions: Type.Optional(Type.Array(Id, { maxItems: 1_000 })),
    /**
     * Questions beyond the questionnaire, by the embeddings of "<question> <option>" from the model
     * that the questionnaire names: float32, little-endian, a row per option.
     */
    newQuestions: Type.Optional(
      Type.Array(
        Type.Object(
          { options: Type.Integer({ minimum: 2, maximum: 64 }), embeddings: Base64 },
          strict,
        ),
        { maxItems: 16 },
      ),
    ),
    /** The round after which the model is taken: a number, "last", or by default "chosen". */
    round: Type.Optional(Type.String({ pattern: `^(chosen|last|${U64_PATTERN})$` })),
    /** The part of shares that intervals are made to hold; 0.9 by default. */
    level: Type.Optional(Type.Number({ minimum: 0.5, exclusiveMaximum: 1 })),
  },
  strict,
);
export type PredictionRequest = Static<typeof PredictionRequest>;

/** How intervals were made, and how often they held on groups that had no part in that. */
export const IntervalRuleView = Type.Object({
  questions: Type.Union([Type.Literal("known"), Type.Literal("unknown")]),
  /** For groups with at least this many answers. */
  context: Type.Integer({ minimum: 1 }),
  level: Type.Number(),
  coverage: Type.Number(),
  /** Shares and groups on which the coverage was measured. */
  shares: Type.Integer({ minimum: 1 }),
  groups: Type.Integer({ minimum: 1 }),
  factor: Type.Number(),
});

const Shares = Type.Array(Type.Number());

export const PredictionResponse = Type.Object({
  /** The round after which this is the model, and why it is this one. */
  round: U64String,
  why: Type.String(),
  modelRoot: HexHash,
  /** Empty without held-out answers. */
  intervals: Type.Array(IntervalRuleView),
  groups: Type.Array(
    Type.Object({
      id: Type.String(),
      predictions: Type.Array(
        Type.Object({
          /** The question's id; `new 0` is the first of `newQuestions`. */
          question: Type.String(),
          kind: Type.Union([
            Type.Literal("trained"),
            Type.Literal("untrained"),
            Type.Literal("new"),
          ]),
          shares: Shares,
          /** Intervals of the shares; null where they could not be measured. */
          low: Type.Union([Shares, Type.Null()]),
          high: Type.Union([Shares, Type.Null()]),
        }),
      ),
    }),
  ),
});
export type PredictionResponse = Static<typeof PredictionResponse>;

export const predictionCreate = endpoint({
  operation: "predictionCreate",
  summary:
    "Predict groups' answers from answers that they gave. Accept: text/csv answers with a line per option. Nothing of the request is stored or logged.",
  method: "POST",
  path: "/v1/federations/:federation/predict",
  params: FederationParams,
  body: PredictionRequest,
  bodyLimit: PREDICTION_LIMIT,
  response: PredictionResponse,
  access: "reader",
  confidential: true,
  errors: [...READER_ERRORS, "answers-invalid", "payload-too-large", "configuration-mismatch"],
});
