import {
  type CommittedStep,
  type CompletedRound,
  committedStep,
  type Finding,
  findVectorDifference,
  findWrongPay,
  findWrongReason,
  REPLAY_ONLY,
  replayRound,
  type SignedReceipt,
  wrongChunk,
} from "@plenary/algorithms";
import type { Round, Rules } from "@plenary/chain";
import {
  canonicalJson,
  equalBytes,
  fromBase64,
  PlenaryError,
  type RoundManifest,
} from "@plenary/protocol";
import { readCommittedLeaves } from "./committed-updates.ts";
import { type Comparison, compare, unexplained } from "./comparison.ts";
import { firstDisputable } from "./disputable.ts";
import { findOwnUpdate, type OwnUpdate } from "./own-update.ts";
import {
  type PublishedRound,
  readCommitted,
  readPayload,
  readPublishedRound,
  readVector,
  rewardsOf,
} from "./public-round.ts";
import { Refuted } from "./refuted.ts";
import { questionnaireOfRound } from "./round-questionnaire.ts";
import { openScoring } from "./scoring.ts";
import type { Verifier } from "./verifier.ts";

/** The judgement of one round, against what the chain says. */
export interface RoundVerification {
  readonly round: bigint;
  /** Whether everything that the chain says about the round follows from its public bytes. */
  readonly valid: boolean;
  /** The first fault; null if there is none. */
  readonly finding: Finding | null;
  /**
   * The first fault that a dispute proves: `finding` or a later one; null if there is none. In a
   * replay-only round a wrong chunk cannot be disputed.
   */
  readonly provable: Finding | null;
  /** The rules of the round, by which it is provable or replay-only. */
  readonly rules: Rules;
  /** Empty if the round could not be computed to completion. */
  readonly comparisons: readonly Comparison[];
  readonly counted: number;
  readonly refused: number;
  /**
   * Updates whose signing key is no longer on chain, because it was rotated twice or the account
   * was closed.
   */
  readonly uncheckedKeys: number;
  /**
   * What the round made of the receipt's update; null without a receipt, and if the leaves are
   * withheld.
   */
  readonly ownUpdate: OwnUpdate | null;
}

/**
 * How far a verification is. Updates are downloaded and screened one by one, then the next model is
 * scored.
 */
export interface VerificationProgress {
  readonly stage: "updates" | "scores";
  readonly done: number;
  readonly total: number;
}

/** What else a verification checks, and how it is watched. */
export interface VerifyOptions {
  /** A member's receipt for an update of this round, which must have a leaf. */
  readonly receipt?: SignedReceipt | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
}

/**
 * Recomputes a committed round and compares every value with the Round account: signatures against
 * the members' keys on chain, auditors' reports against the draw and the auditors' keys, screening
 * and sum of the updates, scores with the reproducible engine, rewards, roots, manifest. Trusts the
 * chain alone, holds one payload at a time, and names the first fault. Bytes that the source does
 * not have are withheld, which is a finding. Throws `service-unavailable` or `chain-unavailable` if
 * source or chain cannot be reached, and `not-found` if the round is not on chain or not committed.
 */
export async function verifyRound(
  verifier: Verifier,
  number: bigint,
  options: VerifyOptions = {},
): Promise<RoundVerification> {
  const round = await readCommitted(verifier, number);
  const ownUpdate = await readOwnUpdate(verifier, round, options);
  let found: PublishedRound | null = null;
  try {
    found = await readPublishedRound(verifier, round, options.signal);
    return { ...(await judge(verifier, found, options)), ownUpdate };
  } catch (error) {
    if (!(error instanceof Refuted)) throw error;
    return { ...verdict(round, [error.finding], found), ownUpdate };
  }
}

async function readOwnUpdate(
  verifier: Verifier,
  round: Round,
  { receipt, signal }: VerifyOptions,
): Promise<OwnUpdate | null> {
  if (receipt === undefined) return null;
  const leaves = await readCommittedLeaves(verifier, round, signal);
  return leaves === null ? null : findOwnUpdate(receipt, leaves, round);
}

/** A verification without what it says about a receipt. */
type Verdict = Omit<RoundVerification, "ownUpdate">;

async function judge(
  verifier: Verifier,
  found: PublishedRound,
  options: VerifyOptions,
): Promise<Verdict> {
  const { round, manifest } = found;
  const replayed = await replay(verifier, found, options);
  const leaves = found.updates.map(({ leaf }) => leaf);
  const reason = findWrongReason(leaves, replayed.leaves);
  const rewards = { earned: found.context.earned, published: rewardsOf(manifest) };
  const findings =
    reason === null
      ? [
          await findWrongVector(verifier, found, replayed, options),
          findWrongPay({ ...rewards, computed: replayed.rewards }, round),
          findWrongText(manifest, replayed),
        ]
      : [
          // What follows from the committed leaves can be proved even if screening was wrong. The
          // wrong screening must not hide it.
          reason,
          await findWrongVector(
            verifier,
            found,
            await stepAsCommitted(verifier, found, options),
            options,
          ),
          findWrongPay({ ...rewards, computed: rewards.published }, round),
        ];
  return verdict(
    round,
    findings.filter((finding) => finding !== null),
    found,
    compare(round, replayed),
  );
}

/** Runs the service's own function on the public bytes. */
async function replay(
  verifier: Verifier,
  { context, updates, manifest }: PublishedRound,
  { signal, onProgress }: VerifyOptions,
): Promise<CompletedRound> {
  const questionnaire = questionnaireOfRound(verifier, manifest, context.configuration);
  const scoring = await openScoring(verifier, { ...context.configuration, questionnaire }, signal);
  const total = updates.length;
  const evaluations = total + 1;
  let [screened, scored] = [0, 0];
  try {
    return await replayRound(
      {
        context,
        updates,
        payload: async (hash) => {
          const payload = await readPayload(verifier, updates, hash, signal);
          screened += 1;
          // Scoring asks for the payloads again.
          if (screened <= total) onProgress?.({ stage: "updates", done: screened, total });
          return payload;
        },
        audits: (manifest.audits?.reports ?? []).map(({ report, signature }) => ({
          message: fromBase64(report),
          signature: fromBase64(signature),
        })),
      },
      async (model) => {
        const value = await scoring.evaluate(model);
        scored += 1;
        onProgress?.({ stage: "scores", done: scored, total: evaluations });
        return value;
      },
      verifier.registries,
    );
  } catch (error) {
    if (!(error instanceof PlenaryError) || !REFUTATIONS.has(error.code)) throw error;
    throw new Refuted({ kind: "not-provable", why: REPLAY_ONLY, text: error.message });
  } finally {
    await scoring.close();
  }
}

/**
 * Codes with which a replay says that the round is wrong, rather than that it could not be
 * computed.
 */
const REFUTATIONS = new Set(["verification-failed", "round-inconsistent", "payload-truncated"]);

/**
 * Compares next model and state with the chain. The published vector must have the committed root,
 * or it is withheld. The proof is then the first chunk in which it differs from the computed
 * vector, even if the manifest agrees with the wrong model.
 */
async function findWrongVector(
  verifier: Verifier,
  { round, manifest, context }: PublishedRound,
  computed: CommittedStep | null,
  { signal }: VerifyOptions,
): Promise<Finding | null> {
  if (computed === null) return null;
  const vectors = [
    ["next model", manifest.next.blob, round.nextRoot, computed.roots.next, computed.next],
    [
      "state after",
      manifest.stateAfter.blob,
      round.nextStateRoot,
      computed.roots.stateAfter,
      computed.state,
    ],
  ] as const;
  for (const [name, blob, committed, root, vector] of vectors) {
    if (equalBytes(committed, root)) continue;
    const shown = await readVector(verifier, name, blob, committed, signal).catch(findingOf);
    if (!(shown instanceof Int32Array)) return shown;
    const difference = findVectorDifference(shown, vector);
    if (difference !== null) return wrongChunk(name, difference, context.base.length);
  }
  return null;
}

function stepAsCommitted(
  verifier: Verifier,
  { context, updates }: PublishedRound,
  { signal }: VerifyOptions,
): Promise<CommittedStep | null> {
  const payload = (hash: Uint8Array) => readPayload(verifier, updates, hash, signal);
  return committedStep(context, updates, payload, verifier.registries);
}

function findingOf(error: unknown): Finding {
  if (error instanceof Refuted) return error.finding;
  throw error;
}

/**
 * The first field of the manifest that differs in the replay. The chain's own values were compared
 * before.
 */
function findWrongText(manifest: RoundManifest, replayed: CompletedRound): Finding | null {
  const mine = new Map<string, unknown>(Object.entries(replayed.manifest));
  const other = Object.entries(manifest).find(
    ([key, value]) => canonicalJson(value) !== canonicalJson(mine.get(key)),
  );
  return other === undefined
    ? null
    : {
        kind: "not-provable",
        why: REPLAY_ONLY,
        text: `the manifest's field ${other[0]} is not what replay gives`,
      };
}

function verdict(
  { number, rules }: Round,
  findings: readonly Finding[],
  found: PublishedRound | null,
  comparisons: readonly Comparison[] = [],
): Verdict {
  const different = comparisons.find(({ equal }) => !equal);
  const finding = findings[0] ?? (different === undefined ? null : unexplained(different));
  const updates = found?.updates ?? [];
  const counted = updates.filter(({ leaf }) => leaf.weight > 0).length;
  return {
    round: number,
    rules,
    valid: finding === null,
    finding,
    provable: firstDisputable(findings, rules),
    comparisons,
    counted,
    refused: updates.length - counted,
    uncheckedKeys: found?.uncheckedKeys ?? 0,
  };
}
