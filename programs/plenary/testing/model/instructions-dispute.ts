import {
  DISPUTE_KINDS,
  type DisputeSubject,
  disputeAddress,
  disputeAnswer,
  disputeChunk,
  disputeDemand,
  disputeEnvelope,
  disputeLeaf,
  disputeNarrow,
  disputeOpen,
  disputeProbe,
  disputeResolve,
  disputeRewards,
  PROGRAM_ID,
} from "@plenary/chain";
import { type PublicKey, TransactionInstruction } from "@solana/web3.js";
import {
  committed,
  disputedChunk,
  earnedProof,
  foldedLast,
  leafAt,
  nextRewards,
  nextUpdate,
  updateProof,
} from "./dispute-evidence.ts";
import type { DisputeOperation, OperationOf } from "./operations.ts";
import { missing } from "./predict-folding.ts";
import { type DisputeId, disputeKey, OWNERS, type State } from "./state.ts";
import { signedEnvelope, signedReceipt, updateOf } from "./updates-tree.ts";
import { chunkProof } from "./vectors.ts";
import { keypairFor, type World } from "./world.ts";

type StepOperation = Exclude<
  DisputeOperation,
  OperationOf<"dispute_open" | "dispute_answer" | "dispute_envelope" | "dispute_resolve">
>;

/** Instructions about disputes, in the state in which they run. */
export function disputeInstructions(
  world: World,
  state: State,
  operation: DisputeOperation,
): TransactionInstruction[] {
  switch (operation.name) {
    case "dispute_open":
      return openInstructions(world, state, operation);
    case "dispute_answer":
      return answerInstructions(world, state, operation);
    case "dispute_envelope":
      return envelopeInstructions(world, state, operation);
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
    default:
      return stepInstructions(world, state, operation);
  }
}

/** Steps of the challenger. */
function stepInstructions(
  world: World,
  state: State,
  operation: StepOperation,
): TransactionInstruction[] {
  const { dispute: id } = operation;
  const about = { dispute: disputeAt(world, state, id), challenger: world.key(operation.by) };
  switch (operation.name) {
    case "dispute_rewards": {
      const leaves = nextRewards(world, state, id, operation.leaves);
      const said = operation.lie
        ? leaves.map((leaf) => ({ ...leaf, cumulative: leaf.cumulative + 1n }))
        : leaves;
      return disputeRewards(PROGRAM_ID, { ...about, leaves: said });
    }
    case "dispute_leaf": {
      const { leaf, delta } = nextUpdate(world, state, id, operation.lie);
      const place = state.disputes.get(disputeKey(id))?.chunk ?? id.index;
      const chunk =
        operation.chunk === null
          ? undefined
          : chunkProof(delta, place, operation.chunk === "wrong");
      return disputeLeaf(PROGRAM_ID, { ...about, leaf, chunk });
    }
    case "dispute_chunk": {
      const { vector, lie } = operation;
      return disputeChunk(PROGRAM_ID, {
        ...about,
        vector,
        chunk: disputedChunk(state, id, vector, lie),
      });
    }
    case "dispute_probe": {
      const { vector, index } = operation;
      return disputeProbe(PROGRAM_ID, { ...about, vector, index });
    }
    case "dispute_narrow": {
      const { tree, position: index } = operation;
      return disputeNarrow(PROGRAM_ID, {
        ...about,
        index,
        ...leafAt(world, state, id, tree, index),
      });
    }
    case "dispute_demand": {
      const dispute = state.disputes.get(disputeKey(id));
      const pending = operation.proof && dispute ? foldedLast(world, state, dispute) : undefined;
      return disputeDemand(PROGRAM_ID, { ...about, pending });
    }
  }
}

function openInstructions(
  world: World,
  state: State,
  operation: OperationOf<"dispute_open">,
): TransactionInstruction[] {
  const { by, round: number, from, kind, earned } = operation;
  const built = disputeOpen(PROGRAM_ID, {
    ...world.token,
    number,
    challenger: world.key(by),
    source: world.holder(from),
    subject: subjectOf(world, state, operation),
  });
  if (kind !== "shortfall" || earned.base !== null) return built;
  // The program's own address stands for an account that is left out.
  return built.map((instruction) => replaced(instruction, world.round(NO_ROUND), PROGRAM_ID));
}

/** Number of the base round if none is shown. */
const NO_ROUND = 0n;

function replaced(
  { programId, keys, data }: TransactionInstruction,
  pubkey: PublicKey,
  by: PublicKey,
): TransactionInstruction {
  const accounts = keys.map((meta) =>
    meta.pubkey.equals(pubkey) ? { ...meta, pubkey: by } : meta,
  );
  return new TransactionInstruction({ programId, keys: accounts, data });
}

function subjectOf(
  world: World,
  state: State,
  operation: OperationOf<"dispute_open">,
): DisputeSubject {
  const { round: number, kind, index, receipt, earned } = operation;
  switch (kind) {
    case "total":
      return { kind };
    case "chunk":
      return { kind, index };
    case "envelope":
      return { kind, proof: updateProof(world, committed(state, number), index) };
    case "shortfall": {
      const proof = earnedProof(world, state, number, index, earned.lie);
      return { kind, baseRound: earned.base ?? NO_ROUND, proof };
    }
    case "omission": {
      const signer = receipt.signed
        ? (state.rounds.get(number)?.aggregator ?? "aggregator")
        : "stranger";
      const message = signedReceipt(
        world,
        receipt.owner,
        number,
        receipt.sequence,
        keypairFor(signer),
      );
      return { kind, receipt: message };
    }
  }
}

function answerInstructions(
  world: World,
  state: State,
  { dispute: id, show, lie }: OperationOf<"dispute_answer">,
): TransactionInstruction[] {
  const at = disputeAt(world, state, id);
  const dispute = state.disputes.get(disputeKey(id));
  if (show === "chunk") {
    const lacks = dispute === undefined ? null : missing(dispute);
    const vector = lacks === null || lacks === "leaf" ? "next" : lacks;
    return disputeAnswer(PROGRAM_ID, {
      dispute: at,
      answer: { chunk: disputedChunk(state, id, vector, lie) },
    });
  }
  const tree = id.kind === "total" ? "rewards" : "updates";
  const position = dispute?.nextLeaf ?? 0;
  // A lie proves the next leaf in its place.
  const shown = leafAt(world, state, id, tree, lie ? position + 1 : position);
  return disputeAnswer(PROGRAM_ID, { dispute: at, answer: shown });
}

function envelopeInstructions(
  world: World,
  state: State,
  { dispute: id, index, key }: OperationOf<"dispute_envelope">,
): TransactionInstruction[] {
  const round = committed(state, id.round);
  return disputeEnvelope(PROGRAM_ID, {
    federation: world.federation,
    number: id.round,
    dispute: disputeAt(world, state, id),
    leaf: updateProof(world, round, index).leaf,
    envelope: signedEnvelope(world, OWNERS[index] ?? OWNERS[0], updateOf(round, index), key),
  });
}

export function disputeAt(world: World, state: State, id: DisputeId): PublicKey {
  const code = DISPUTE_KINDS.indexOf(id.kind);
  const place = placeOf(world, state, id);
  return disputeAddress(PROGRAM_ID, world.round(id.round), world.key(id.challenger), code, place);
}

/** The index by which the program knows the chunk or leaf of a dispute. */
function placeOf(world: World, state: State, { round, kind, index }: DisputeId): number {
  switch (kind) {
    case "chunk":
      return index;
    case "envelope":
      return updateProof(world, committed(state, round), index).index;
    case "shortfall":
      return earnedProof(world, state, round, index).index;
    case "omission":
    case "total":
      return 0;
  }
}
