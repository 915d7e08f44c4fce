import {
  DISPUTE_KINDS,
  type DisputeSubject,
  disputeAddress,
  disputeAnswer,
  disputeDemand,
  disputeEnvelope,
  disputeNarrow,
  disputeOpen,
  disputeResolve,
  disputeRewards,
  equivocationOpen,
  memberEquivocation,
  PROGRAM_ID,
} from "@plenary/chain";
import { auditPath, type LeafProof, type RewardLeaf, type UpdateLeaf } from "@plenary/protocol";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { type OperationOf, SEQUENCE } from "./operations.ts";
import { rewardsTree } from "./rewards-tree.ts";
import { type DisputeId, disputeKey, OWNERS, type Round, type State } from "./state.ts";
import { signedEnvelope, signedReceipt, updatesTree } from "./updates-tree.ts";
import { keypairFor, type World } from "./world.ts";

type DisputeOperation = OperationOf<
  | "dispute_open"
  | "dispute_rewards"
  | "dispute_narrow"
  | "dispute_demand"
  | "dispute_answer"
  | "dispute_envelope"
  | "dispute_resolve"
  | "equivocation_open"
  | "member_equivocation"
>;

/** Instructions about disputes and equivocation; `state` is what they meet. */
export function disputeInstructions(
  world: World,
  state: State,
  operation: DisputeOperation,
): TransactionInstruction[] {
  switch (operation.name) {
    case "dispute_open":
      return disputeOpen(PROGRAM_ID, {
        ...world.token,
        number: operation.round,
        challenger: world.key(operation.by),
        source: world.holder(operation.from),
        subject: subjectOf(world, state, operation),
      });
    case "dispute_resolve": {
      const { dispute, to } = operation;
      return disputeResolve(PROGRAM_ID, {
        ...world.token,
        number: dispute.round,
        dispute: disputeAt(world, state, dispute),
        challenger: world.key(dispute.challenger),
        challengerTokens: to === null ? undefined : world.holder(to),
      });
    }
    case "equivocation_open":
    case "member_equivocation":
      return equivocationInstructions(world, operation);
    default:
      return stepInstructions(world, state, operation);
  }
}

function stepInstructions(
  world: World,
  state: State,
  operation: OperationOf<
    "dispute_rewards" | "dispute_narrow" | "dispute_demand" | "dispute_answer" | "dispute_envelope"
  >,
): TransactionInstruction[] {
  const dispute = disputeAt(world, state, operation.dispute);
  const next = state.disputes.get(disputeKey(operation.dispute))?.nextLeaf ?? 0;
  switch (operation.name) {
    case "dispute_rewards": {
      const { by, leaves: count, lie } = operation;
      const { leaves } = rewardsTree(world, state.rounds.get(operation.dispute.round)?.leaves ?? []);
      const fed = Array.from({ length: count }, (_, offset) => leaves[next + offset] ?? NO_REWARD);
      const said = lie ? fed.map((leaf) => ({ ...leaf, cumulative: leaf.cumulative + 1n })) : fed;
      return disputeRewards(PROGRAM_ID, { dispute, challenger: world.key(by), leaves: said });
    }
    case "dispute_narrow": {
      const { by, position, dispute: id } = operation;
      const { leaves, hashes } = updatesTree(world, roundFor(state, id.round));
      const leaf = leaves[position];
      return disputeNarrow(PROGRAM_ID, {
        dispute,
        challenger: world.key(by),
        index: position,
        leaf: { tree: "updates", leaf: leaf ?? NO_UPDATE },
        path: leaf === undefined ? [] : auditPath(hashes, position),
      });
    }
    case "dispute_demand":
      return disputeDemand(PROGRAM_ID, { dispute, challenger: world.key(operation.by) });
    case "dispute_answer": {
      const { leaves, hashes } = rewardsTree(world, state.rounds.get(operation.dispute.round)?.leaves ?? []);
      const path = next < hashes.length ? auditPath(hashes, next) : [];
      return disputeAnswer(PROGRAM_ID, {
        dispute,
        answer: { leaf: { tree: "rewards", leaf: leaves[next] ?? NO_REWARD }, path },
      });
    }
    case "dispute_envelope": {
      const { round: number, index } = operation.dispute;
      const round = roundFor(state, number);
      const { leaf } = updateProof(world, round, index);
      const owner = OWNERS[index] ?? OWNERS[0];
      const envelope = signedEnvelope(world, owner, round, operation.key);
      return disputeEnvelope(PROGRAM_ID, { federation: world.federation, number, dispute, leaf, envelope });
    }
  }
}

const NO_UPDATE: UpdateLeaf = {
  member: new Uint8Array(32),
  sequence: 0n,
  envelopeHash: new Uint8Array(32),
  deltaRoot: new Uint8Array(32),
  weight: 0,
  reason: 0,
  payloadHash: new Uint8Array(32),
};
const NO_REWARD: RewardLeaf = { member: new Uint8Array(32), cumulative: 0n };

/** The round as the instruction needs it, or one that never was. */
function roundFor(state: State, number: bigint): Pick<Round, "number" | "baseModel" | "updateCount"> {
  return state.rounds.get(number) ?? { number, baseModel: "no model", updateCount: 0 };
}

function subjectOf(
  world: World,
  state: State,
  { round: number, kind, index, receipt }: OperationOf<"dispute_open">,
): DisputeSubject {
  const round = roundFor(state, number);
  switch (kind) {
    case "total":
      return { kind };
    case "envelope":
      return { kind, proof: updateProof(world, round, index) };
    case "omission": {
      const signer = receipt.signed ? (state.rounds.get(number)?.aggregator ?? "aggregator") : "stranger";
      const message = signedReceipt(world, receipt.owner, number, receipt.sequence, keypairFor(signer));
      return { kind, receipt: message };
    }
  }
}

export function disputeAt(
  world: World,
  state: State,
  { round, challenger, kind, index }: DisputeId,
): PublicKey {
  const at = kind === "envelope" ? updateProof(world, roundFor(state, round), index).index : 0;
  const code = DISPUTE_KINDS.indexOf(kind);
  return disputeAddress(PROGRAM_ID, world.round(round), world.key(challenger), code, at);
}

/** The leaf that the model calls by its index, or the tree's first one under a place where no leaf stands. */
function updateProof(
  world: World,
  round: Pick<Round, "number" | "baseModel" | "updateCount">,
  index: number,
): LeafProof<UpdateLeaf> {
  const { leaves, hashes, order } = updatesTree(world, {
    ...round,
    updateCount: Math.max(round.updateCount, 1),
  });
  const position = order.indexOf(index);
  const leaf = leaves[Math.max(position, 0)]!;
  return position < 0
    ? { index, leaf, path: [] }
    : { index: position, leaf, path: auditPath(hashes, position) };
}

function equivocationInstructions(
  world: World,
  operation: OperationOf<"equivocation_open" | "member_equivocation">,
): TransactionInstruction[] {
  const { by, owner, round, key } = operation;
  const about = {
    member: world.member(owner),
    reporter: world.key(by),
    round,
    sequence: SEQUENCE,
  };
  const signed = (weight: number) =>
    signedEnvelope(world, owner, { number: round, baseModel: "any model" }, key, weight);
  if (operation.name === "equivocation_open")
    return equivocationOpen(PROGRAM_ID, { ...about, envelope: signed(1) });
  return memberEquivocation(PROGRAM_ID, {
    ...world.token,
    ...about,
    reporterTokens: world.holder(operation.to),
    envelope: signed(operation.same ? 1 : 2),
  });
}
