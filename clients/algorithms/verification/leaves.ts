import {
  compareBytes,
  decodeEnvelope,
  type Envelope,
  envelopeHash,
  equalBytes,
  fromBase58,
  fromBase64,
  PlenaryError,
  REASONS,
  type RoundManifest,
  reasonName,
  toBase58,
  toHex,
  type UpdateLeaf,
  verifySignature,
} from "@plenary/protocol";
import { REGISTRIES, type Registries } from "../registries.ts";
import type { RoundContext } from "../round.ts";
import { updatesRoot } from "../round-roots.ts";
import { checkEnvelope } from "../screening/index.ts";
import type { CommittedRound } from "./committed-round.ts";
import { type Finding, REPLAY_ONLY } from "./finding.ts";

/** An update as a manifest publishes it, decoded. */
export interface PublishedUpdate {
  readonly leaf: UpdateLeaf;
  readonly envelope: Envelope;
  readonly signingKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The updates of a manifest, with the leaves that it implies. Throws `malformed-envelope` or
 * `invalid-input` on bytes of another form.
 */
export function publishedUpdates(manifest: RoundManifest): PublishedUpdate[] {
  return manifest.updates.map((update) => {
    const message = fromBase64(update.envelope);
    const envelope = decodeEnvelope(message);
    return {
      leaf: {
        member: fromBase58(update.member),
        sequence: envelope.sequence,
        envelopeHash: envelopeHash(message),
        deltaRoot: envelope.deltaRoot,
        weight: update.weight,
        reason: update.reason,
        payloadHash: envelope.payloadHash,
      },
      envelope,
      signingKey: fromBase58(update.signingKey),
      message,
      signature: fromBase64(update.signature),
    };
  });
}

/**
 * The first rule of the updates tree that published leaves break; null if they keep them all. The
 * dispute of any chunk meets it when it folds the leaves.
 */
export function findUnsoundLeaves(
  leaves: readonly UpdateLeaf[],
  committed: CommittedRound,
  maxWeight: number,
): Finding | null {
  const root = updatesRoot(leaves);
  if (!equalBytes(root, committed.updatesRoot) || leaves.length !== committed.updateCount)
    return {
      kind: "withheld",
      blob: "update leaves",
      chunk: 0,
      text: `the leaves of the updates tree are withheld: those in the manifest are ${leaves.length} with the root ${toHex(root)}, committed are ${committed.updateCount} with ${toHex(committed.updatesRoot)}`,
    };
  for (const [index, leaf] of leaves.entries()) {
    const problem = leafProblem(leaf, leaves[index - 1], maxWeight);
    if (problem !== null) return { kind: "chunk", chunk: 0, text: `leaf ${index} ${problem}` };
  }
  const total = leaves.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0)
    return { kind: "chunk", chunk: 0, text: "no update counts, so there is no mean" };
  if (total === committed.totalWeight) return null;
  return {
    kind: "chunk",
    chunk: 0,
    text: `the total weight is ${committed.totalWeight}, the leaves add up to ${total}`,
  };
}

function leafProblem(
  leaf: UpdateLeaf,
  before: UpdateLeaf | undefined,
  maxWeight: number,
): string | null {
  const member = toBase58(leaf.member);
  if (before !== undefined && compareBytes(before.member, leaf.member) >= 0)
    return `is of member ${member}, which does not come after the leaf before it`;
  if (leaf.weight > maxWeight)
    return `of member ${member} has weight ${leaf.weight}; the round allows ${maxWeight}`;
  if (reasonName(leaf.reason) === undefined)
    return `of member ${member} has the reason code ${leaf.reason}, which does not exist`;
  if ((leaf.reason === REASONS.counted.code) !== leaf.weight > 0)
    return `of member ${member} has weight ${leaf.weight} and the reason code ${leaf.reason}: an update has a weight if and only if it counts`;
  return null;
}

/**
 * The first leaf whose envelope is not what its member signed for this round; null if all are. The
 * caller compares the keys. Some differences the program cannot compare when it is shown an
 * envelope, and no dispute proves them: genesis hash, codec and limits.
 */
export function findUnsignedLeaf(
  updates: readonly PublishedUpdate[],
  context: RoundContext,
  baseRoot: Uint8Array,
  registries: Registries = REGISTRIES,
): Finding | null {
  for (const [index, update] of updates.entries()) {
    const where = `leaf ${index}`;
    const problem = envelopeProblem(update, context, baseRoot);
    if (problem !== null) return { kind: "leaf", index, text: `${where} ${problem}` };
    const refusal = receiptProblem(update, context, baseRoot, registries);
    if (refusal !== null)
      return { kind: "not-provable", why: REPLAY_ONLY, text: `${where} ${refusal}` };
  }
  return null;
}

function envelopeProblem(
  { leaf, envelope, message, signature, signingKey }: PublishedUpdate,
  context: RoundContext,
  baseRoot: Uint8Array,
): string | null {
  const member = toBase58(leaf.member);
  if (!verifySignature(message, signature, signingKey))
    return `of member ${member} has no valid signature: it is not that of ${toBase58(signingKey)} over the envelope`;
  if (!equalBytes(envelope.member, leaf.member))
    return `is of member ${member}, its envelope of ${toBase58(envelope.member)}`;
  if (leaf.weight > 0 && leaf.weight !== envelope.weight)
    return `of member ${member} has weight ${leaf.weight}, its envelope says ${envelope.weight}`;
  const belongs =
    equalBytes(envelope.programId, context.programId) &&
    equalBytes(envelope.federation, context.federation) &&
    envelope.round === context.round &&
    equalBytes(envelope.baseRoot, baseRoot);
  return belongs
    ? null
    : `of member ${member} was signed for another program, federation, round or base model`;
}

function receiptProblem(
  { leaf, envelope }: PublishedUpdate,
  context: RoundContext,
  baseRoot: Uint8Array,
  registries: Registries,
): string | null {
  try {
    checkEnvelope(envelope, { ...context, baseRoot }, context.configuration, registries);
    return null;
  } catch (error) {
    if (!(error instanceof PlenaryError)) throw error;
    return `of member ${toBase58(leaf.member)} could not have had a receipt: ${error.message}`;
  }
}

/**
 * The first leaf that disagrees with screening: it counts a refused update, refuses a counted one,
 * or gives another reason. Null if all agree. Both lists ascend by member and have the same
 * envelopes.
 */
export function findWrongReason(
  leaves: readonly UpdateLeaf[],
  screened: readonly UpdateLeaf[],
): Finding | null {
  for (const [index, leaf] of leaves.entries()) {
    const right = screened[index];
    if (right === undefined || leaf.reason === right.reason) continue;
    return {
      kind: "not-provable",
      why: REPLAY_ONLY,
      text: `leaf ${index} of member ${toBase58(leaf.member)} ${verdictOf(leaf.reason)}; its payload ${verdictOf(right.reason)}`,
    };
  }
  return null;
}

function verdictOf(code: number): string {
  const name = reasonName(code);
  return name === "counted" ? "is counted" : `is refused as ${name ?? `reason ${code}`}`;
}
