import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AnswerSet,
  canonicalJsonBytes,
  type FederationConfiguration,
  parseQuestionnaire,
  type Questionnaire,
  sha256,
  toHex,
} from "@plenary/protocol";
import { DEFAULT_PREDICTOR } from "@plenary/training";
import { testSurvey } from "../../testing/actors/survey.ts";
import { trainingEvaluator } from "./evaluator.ts";

const SURVEY = testSurvey();

/** Checks a survey as registration does, with a questionnaire and held-out answers of its own. */
async function check(
  changeQuestionnaire: (questionnaire: Questionnaire) => Questionnaire,
  heldOut: AnswerSet = SURVEY.heldOut,
): Promise<void> {
  const stored = new Map<string, Uint8Array>();
  const keep = (bytes: Uint8Array) => {
    const hash = toHex(sha256(bytes));
    stored.set(hash, bytes);
    return hash;
  };
  const questionnaires = SURVEY.blobs.map(keep).indexOf(SURVEY.questionnaireHash);
  const questionnaire = parseQuestionnaire(
    JSON.parse(new TextDecoder().decode(SURVEY.blobs[questionnaires])),
  );
  const { parameterCount } = SURVEY.predictor;
  const heldOutHash = keep(canonicalJsonBytes(heldOut));
  const configuration = {
    questionnaire: keep(canonicalJsonBytes(changeQuestionnaire(questionnaire))),
    predictor: DEFAULT_PREDICTOR.tilt,
    parameterCount,
    heldOut: heldOutHash,
    contribution: { name: "leave-one-out", heldOut: heldOutHash },
  } as unknown as FederationConfiguration;
  const evaluator = trainingEvaluator({
    read: async (hash) => stored.get(toHex(hash)) ?? assert.fail(`no blob ${toHex(hash)}`),
  });
  await evaluator.check(configuration);
  await evaluator.close();
}

const changed =
  (position: number, change: Partial<Questionnaire["questions"][number]>) =>
  (questionnaire: Questionnaire): Questionnaire => ({
    ...questionnaire,
    questions: questionnaire.questions.map((question, i) =>
      i === position ? { ...question, ...change } : question,
    ),
  });

test("registration refuses names that could be mistaken for each other, by name", async () => {
  await check((questionnaire) => questionnaire);
  for (const [change, message] of [
    [changed(1, { id: "q0" }), /questions 0 and 1 both have the id "q0"/],
    [changed(3, { id: "q\u200b2" }), /ids that look the same/],
    [changed(2, { options: ["yes", "no", "Yes"] }), /"q2" has "yes" and "Yes"/],
    [changed(2, { text: "\u001b[2J" }), /"q2": its text holds a control character/],
  ] as const)
    await assert.rejects(check(change), { message });
  const [north, south] = SURVEY.heldOut.groups;
  assert.ok(north && south);
  const alike = { version: 1 as const, groups: [north, { ...south, id: "nor\u00adth" }] };
  await assert.rejects(
    check((questionnaire) => questionnaire, alike),
    { message: /look the same/ },
  );
});
