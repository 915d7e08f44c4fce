import assert from "node:assert/strict";
import type { AuditConfiguration } from "@plenary/protocol";
import { DEFAULT_PREDICTOR, DEFAULT_TRAINING } from "@plenary/training";
import { Keypair } from "@solana/web3.js";
import type { TestSurvey } from "../actors/survey.ts";
import { createFederation, type TestFederation } from "../chain/federation.ts";
import type { TestMember } from "../chain/sign-update.ts";
import type { Stack } from "../stack/stack.ts";
import { CHALLENGE_SECONDS, CHEATED_PARAMETERS } from "./disputes.ts";

/** Rounds that are committed and final at the end. */
export const ROUNDS = 2;
export const MEMBERS = 3;

/**
 * `late`: the first round gets one update and is void at its deadline, and the next number takes
 * the same updates. `audited`: one auditor audits everybody's training and refuses the second
 * member's in the first round. `disputed`: the first round is challenged, and right. `voided`: the
 * first round is wrong and is proven wrong when the second builds on it; the next two replace them.
 */
export type ScenarioKind = "plain" | "late" | "audited" | "disputed" | "voided";

/** Whether committed rounds of this scenario can be challenged. */
export function isChallenged(kind: ScenarioKind): boolean {
  return kind === "disputed" || kind === "voided";
}

export const AUDITOR = Keypair.generate();
const AUDITS: AuditConfiguration = {
  auditors: [AUDITOR.publicKey.toBase58()],
  checkpointEvery: 6,
  membersPerRound: MEMBERS,
  segmentsPerMember: 2,
  mode: { name: "reproducible" },
  waitSeconds: 500,
};

export function foundCrashFederation(
  stack: Stack,
  kind: ScenarioKind,
  survey: TestSurvey,
): Promise<TestFederation> {
  const [deadlineSeconds, graceSeconds] = kind === "late" ? [4, 1] : [600, 600];
  return createFederation({
    rpcUrl: stack.rpcUrl,
    aggregator: stack.aggregator,
    members: MEMBERS,
    // The survey's model does not have the integer that the worker cheats with.
    parameterCount: kind === "voided" ? CHEATED_PARAMETERS : survey.predictor.parameterCount,
    challengeWindow: isChallenged(kind) ? CHALLENGE_SECONDS : 0,
    blobs: survey.blobs,
    configuration: (defaults) => ({
      ...defaults,
      strategy: { name: "fedavgm", momentum: 30_000 },
      ...(kind !== "voided" && {
        predictor: DEFAULT_PREDICTOR.tilt,
        questionnaire: survey.questionnaireHash,
        heldOut: survey.heldOutHash,
      }),
      // All updates are needed, so what is committed depends on nobody's speed.
      rounds: {
        quorum: MEMBERS,
        minimum: kind === "audited" ? MEMBERS - 1 : MEMBERS,
        deadlineSeconds,
        graceSeconds,
        total: ROUNDS,
      },
      ...(kind === "audited" && { training: DEFAULT_TRAINING.tilt, audits: AUDITS }),
    }),
  });
}

export function memberAt(federation: TestFederation, place: number): TestMember {
  const member = federation.members[place];
  assert.ok(member);
  return member;
}
