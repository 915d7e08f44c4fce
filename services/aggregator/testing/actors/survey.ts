import {
  type AnswerSet,
  canonicalJsonBytes,
  decodeEmbeddings,
  encodeEmbeddings,
  type Questionnaire,
  sha256,
  toHex,
} from "@plenary/protocol";
import { createPredictor, DEFAULT_PREDICTOR, type Predictor } from "@plenary/training";

/** A small survey with a predictor: real in every part, and quick to evaluate. */
export interface TestSurvey {
  readonly predictor: Predictor;
  readonly heldOut: AnswerSet;
  /** Hashes in the form in which a configuration names them. */
  readonly questionnaireHash: string;
  readonly heldOutHash: string;
  readonly blobs: readonly Uint8Array[];
}

const QUESTIONS = 8;
const OPTIONS = 3;
const DIMENSION = 4;

export function testSurvey(): TestSurvey {
  const matrix = Float32Array.from({ length: QUESTIONS * OPTIONS * DIMENSION }, (_, i) =>
    Math.sin(i * 1.7),
  );
  const embeddingBytes = encodeEmbeddings(matrix, DIMENSION);
  const questionnaire: Questionnaire = {
    version: 1,
    name: "test",
    title: "",
    source: "",
    citation: "",
    licence: "",
    questions: Array.from({ length: QUESTIONS }, (_, i) => ({
      id: `q${i}`,
      text: `Question ${i}?`,
      options: ["yes", "no", "perhaps"],
      family: `q${i}`,
    })),
    embeddings: { model: "test", dimension: DIMENSION, blob: toHex(sha256(embeddingBytes)) },
  };
  const heldOut: AnswerSet = {
    version: 1,
    groups: ["north", "south"].map((id, group) => ({
      id,
      label: id,
      answers: questionnaire.questions.map(({ id: question }, i) => ({
        question,
        counts: [10 + ((i + group) % 4) * 10, 20, 5 + i],
      })),
    })),
  };
  const [questionnaireBytes, heldOutBytes] = [
    canonicalJsonBytes(questionnaire),
    canonicalJsonBytes(heldOut),
  ];
  return {
    predictor: createPredictor(
      DEFAULT_PREDICTOR.tilt,
      questionnaire,
      decodeEmbeddings(embeddingBytes),
    ),
    heldOut,
    questionnaireHash: toHex(sha256(questionnaireBytes)),
    heldOutHash: toHex(sha256(heldOutBytes)),
    blobs: [embeddingBytes, questionnaireBytes, heldOutBytes],
  };
}
