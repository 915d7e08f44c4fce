import {
  type AnswerSet,
  auditPath,
  checkpointLeaves,
  decodeTrainingCommitment,
  drawSegments,
  equalBytes,
  fromBase64,
  hashJson,
  leafHash,
  PlenaryError,
  segmentCount,
  toBase58,
} from "@plenary/protocol";
import { checkpointsToShow, type TrainingEvidence } from "@plenary/training";
import type { PublicKey } from "@solana/web3.js";
import type { FederationContext } from "../access/index.ts";
import { type KeptTraining, readStoredRound } from "../member-store/index.ts";
import type { AuditBundle } from "./audit-bundle.ts";
import { readRoundDraw } from "./round-draw.ts";

/**
 * The audited update, and where the member keeps the state and answers that it was trained with.
 */
export interface ExportAudit {
  readonly round: bigint;
  /** Address of the Member account. */
  readonly member: PublicKey;
  /** The answers that were trained on. */
  readonly answers: AnswerSet;
  /** The member's state folder. Another process may be using it. */
  readonly state: string;
  readonly signal?: AbortSignal | undefined;
}

/** A bundle, and the auditor to show it to. */
export interface ExportedAudit {
  readonly bundle: AuditBundle;
  /** Key of the drawn auditor, in base58. */
  readonly auditor: string;
  readonly segments: readonly number[];
}

/**
 * Collects what a drawn member shows its auditor: its answers, and the checkpoints of the drawn
 * segments with their proofs. Null if the member was not drawn. Throws `not-found` if the state or
 * its checkpoints are gone, `answers-invalid` for answers other than those trained on, and the
 * errors of `readRoundDraw`.
 */
export async function exportAudit(
  context: FederationContext,
  request: ExportAudit,
): Promise<ExportedAudit | null> {
  const { round, member, answers } = request;
  const draw = await readRoundDraw(context, round, request.signal);
  const mine = draw.drawn.find((audit) => equalBytes(audit.member, member.toBytes()));
  if (mine === undefined) return null;
  const { envelope, training } = await storedTraining(request);
  const commitment = decodeTrainingCommitment(training.commitment);
  if (!equalBytes(commitment.answersHash, hashJson(answers)))
    throw new PlenaryError(
      "answers-invalid",
      "These are not the answers that this round was trained on: give the file as it was then.",
      { round: round.toString() },
    );
  const total = segmentCount(commitment.steps, commitment.checkpointEvery);
  const segments = drawSegments(draw.seed, member.toBytes(), total, draw.audits.segmentsPerMember);
  const evidence = evidenceOf(training, answers, segments);
  return {
    bundle: {
      federation: context.address.toBase58(),
      round,
      member: member.toBase58(),
      envelope,
      evidence,
    },
    auditor: toBase58(mine.auditor),
    segments,
  };
}

async function storedTraining({ state, round }: ExportAudit) {
  const stored = await readStoredRound(state, round);
  if (stored?.training !== undefined)
    return { envelope: fromBase64(stored.record.envelope), training: stored.training };
  throw new PlenaryError(
    "not-found",
    stored === null
      ? `The state folder ${state} has no update for round ${round}.`
      : `The checkpoints of round ${round} are no longer in the state folder, which keeps those of the last rounds.`,
    { round: round.toString(), folder: state },
  );
}

function evidenceOf(
  training: KeptTraining,
  answers: AnswerSet,
  segments: readonly number[],
): TrainingEvidence {
  const commitment = decodeTrainingCommitment(training.commitment);
  const leaves = checkpointLeaves(commitment, training.checkpoints.map(leafHash));
  const numbers = checkpointsToShow(segments, training.checkpoints.length);
  return {
    answers,
    commitment,
    commitmentPath: auditPath(leaves, 0),
    checkpoints: new Map(
      numbers.map((number) => [
        number,
        { bytes: training.checkpoints[number - 1]!, path: auditPath(leaves, number) },
      ]),
    ),
  };
}
