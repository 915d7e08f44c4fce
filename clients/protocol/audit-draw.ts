import { compareBytes, fromBase58, toBase58 } from "./bytes.ts";
import type { AuditConfiguration } from "./configuration.ts";
import { sha256 } from "./hash.ts";
import { leafHash, merkleRoot } from "./merkle.ts";
import { randomStream } from "./random.ts";
import { roundSeed } from "./round-seed.ts";

/**
 * Root over the envelope hashes of all updates with a receipt, ascending by member. The program
 * draws a round's audits for this root.
 */
export function envelopesRoot(envelopeHashes: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(envelopeHashes.map(leafHash));
}

/**
 * The draw as the Round account holds it: the hash of the newest slot hash and of the envelopes. An
 * aggregator that took an update after it knew the slot hash could not show these envelopes.
 */
export function drawnHash(slotHash: Uint8Array, envelopes: Uint8Array): Uint8Array {
  return sha256(slotHash, envelopes);
}

/**
 * Seed of a round's audits, made like the round's own, but with the hash that the program drew
 * after uploads had closed. A member that commits to its checkpoints cannot know which will be
 * looked at.
 */
export function auditSeed(baseRoot: Uint8Array, round: bigint, drawn: Uint8Array): Uint8Array {
  return roundSeed(baseRoot, round, drawn);
}

/** A member whose training is audited, and its auditor. */
export interface DrawnAudit {
  readonly member: Uint8Array;
  /** Key of the auditor whose report counts. */
  readonly auditor: Uint8Array;
}

/**
 * The audits of a round, ascending by member. From the seed every member with a receipt draws a
 * ticket, and those with the lowest are audited: adding or leaving out an update moves nobody
 * else's ticket. One auditor is drawn for each member, so that nobody can choose a lenient one and
 * no two reports contradict each other.
 */
export function drawAudits(
  seed: Uint8Array,
  members: readonly Uint8Array[],
  { auditors, membersPerRound }: Pick<AuditConfiguration, "auditors" | "membersPerRound">,
): DrawnAudit[] {
  const tickets = members.map((member) => {
    const random = randomStream(seed, "audit", toBase58(member));
    const ticket = [random.below(2 ** 32), random.below(2 ** 32)] as const;
    return { member, ticket, auditor: auditors[random.below(auditors.length)] ?? "" };
  });
  return tickets
    .sort(
      (a, b) =>
        a.ticket[0] - b.ticket[0] || a.ticket[1] - b.ticket[1] || compareBytes(a.member, b.member),
    )
    .slice(0, membersPerRound)
    .sort((a, b) => compareBytes(a.member, b.member))
    .map(({ member, auditor }) => ({ member, auditor: fromBase58(auditor) }));
}

/**
 * The segments of a member's training that an auditor runs again: `count` of `total`, without
 * repetition, ascending.
 */
export function drawSegments(
  seed: Uint8Array,
  member: Uint8Array,
  total: number,
  count: number,
): number[] {
  const random = randomStream(seed, "audit segments", toBase58(member));
  const order = random.shuffled(Array.from({ length: total }, (_, i) => i));
  return order.slice(0, count).sort((a, b) => a - b);
}

/** How much of a round is audited, and how much of one member's training is wrong. */
export interface AuditExposure {
  /** Members with a receipt. */
  readonly members: number;
  readonly membersPerRound: number;
  /** Segments of one training. */
  readonly segments: number;
  readonly segmentsPerMember: number;
  /** Segments that do not follow from their first checkpoint. */
  readonly wrongSegments: number;
}

/**
 * Probability that a round's audit catches one cheating member: the probability that the member is
 * drawn, times 1 - C(n - b, d) / C(n, d) for d of n segments drawn without repetition, b of them
 * wrong. In native mode a segment is wrong when it differs by more than the tolerance.
 */
export function detectionProbability(exposure: AuditExposure): number {
  const { members, membersPerRound, segments, segmentsPerMember, wrongSegments } = exposure;
  let allRight = 1;
  for (let i = 0; i < Math.min(segmentsPerMember, segments); i += 1)
    allRight *= Math.max(0, segments - wrongSegments - i) / (segments - i);
  return (Math.min(membersPerRound, members) / members) * (1 - allRight);
}
