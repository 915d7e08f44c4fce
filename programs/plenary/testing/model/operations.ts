import type { DisputedVector, DisputeKind, TreeLeaf } from "@plenary/chain";
import type { Actor, DisputeId, Holder, Leaf, Owner, ServerState, Terms, Vector } from "./state.ts";

/** What the aggregator states when it commits, as far as the program checks it. */
export interface Result {
  next: Vector;
  leaves: Leaf[];
  cumulative: bigint;
  /** Stated number of leaves. A wrong number is refused, or makes proofs fail. */
  rewardCount: number;
  updateCount: number;
  totalWeight: number;
  nextState: ServerState;
}

/** An admission: its signer, its owner, and whether it has expired. */
export interface Admission {
  by: Actor;
  owner: Owner;
  over: boolean;
}

/**
 * One instruction with its arguments; `by` signs. `wait` and `donate` are not instructions of the
 * program.
 */
export type Operation =
  | { name: "wait"; seconds: bigint }
  | { name: "donate"; by: Actor; to: "vault" | "escrow"; amount: bigint }
  | { name: "vault_fund"; by: Actor; from: Holder; amount: bigint }
  | { name: "vault_withdraw"; by: Actor; to: Holder; amount: bigint }
  | { name: "bond_deposit"; by: Actor; from: Holder; amount: bigint }
  | { name: "bond_withdraw"; by: Actor; to: Holder; amount: bigint }
  | {
      name: "member_join";
      owner: Owner;
      approver: Actor | null;
      admission: Admission | null;
      payout: Holder;
      key: number;
      stake: bigint;
    }
  | { name: "member_rotate_key"; by: Actor; owner: Owner; key: number }
  | { name: "payout_update"; by: Actor; owner: Owner; payout: Holder }
  | { name: "member_exit"; by: Actor; owner: Owner }
  | { name: "member_withdraw"; by: Actor; owner: Owner; to: Holder }
  | { name: "member_close"; by: Actor; owner: Owner; rentPayer: Actor | "payer" }
  | {
      name: "round_open";
      by: Actor;
      number: bigint;
      base: Vector;
      baseState: ServerState;
      seconds: bigint;
    }
  | { name: "round_commit"; by: Actor; round: bigint; result: Result }
  | { name: "round_finalize"; round: bigint }
  | { name: "round_void"; round: bigint }
  | { name: "round_close"; by: Actor; round: bigint; rentPayer: Actor | "payer" }
  | {
      name: "reward_claim";
      round: bigint;
      owner: Owner;
      payout: Holder;
      cumulative: bigint;
      /** Position of the leaf whose path is shown. */
      index: number;
    }
  | { name: "audit_draw"; by: Actor; round: bigint }
  | {
      name: "dispute_open";
      by: Actor;
      round: bigint;
      kind: DisputeKind;
      index: number;
      from: Holder;
      /**
       * The receipt of an omission: its owner, its sequence, and whether the aggregator signed it.
       */
      receipt: { owner: Owner; sequence: bigint; signed: boolean };
      /**
       * The earlier reward of a shortfall: the account that is shown as the base round, and whether
       * the leaf states more than the tree.
       */
      earned: { base: bigint | null; lie: boolean };
    }
  /** Shows the leaf at a position of a tree, or a made-up one beyond its end. */
  | {
      name: "dispute_narrow";
      by: Actor;
      dispute: DisputeId;
      tree: TreeLeaf["tree"];
      position: number;
    }
  | { name: "dispute_rewards"; by: Actor; dispute: DisputeId; leaves: number; lie: boolean }
  /**
   * Folds the next leaf, or a lie that names another update, with or without the update's chunk.
   */
  | {
      name: "dispute_leaf";
      by: Actor;
      dispute: DisputeId;
      lie: boolean;
      chunk: "right" | "wrong" | null;
    }
  | { name: "dispute_chunk"; by: Actor; dispute: DisputeId; vector: DisputedVector; lie: boolean }
  | {
      name: "dispute_probe";
      by: Actor;
      dispute: DisputeId;
      vector: "next" | "nextState";
      index: number;
    }
  /** Proves the last folded leaf, or leaves the proof out. */
  | { name: "dispute_demand"; by: Actor; dispute: DisputeId; proof: boolean }
  | { name: "dispute_answer"; dispute: DisputeId; show: "leaf" | "chunk"; lie: boolean }
  /** Shows the envelope of the leaf with the model's index. */
  | { name: "dispute_envelope"; dispute: DisputeId; index: number; key: number }
  | { name: "dispute_resolve"; dispute: DisputeId; to: Holder | null }
  | { name: "equivocation_open"; by: Actor; owner: Owner; round: bigint; key: number }
  | {
      name: "member_equivocation";
      by: Actor;
      owner: Owner;
      round: bigint;
      key: number;
      /** Whether it shows the envelope that was already reported. */
      same: boolean;
      to: Holder;
    }
  | { name: "federation_pause"; by: Actor; paused: boolean }
  | { name: "federation_update"; by: Actor; terms: Terms }
  | { name: "authority_propose"; by: Actor; proposed: Actor | null }
  | { name: "authority_accept"; by: Actor };

export type OperationOf<Name extends Operation["name"]> = Extract<Operation, { name: Name }>;

type DisputeName = Extract<Operation["name"], `dispute_${string}`>;
type RoundName = Extract<Operation["name"], `round_${string}`> | "audit_draw";
type EquivocationName = "equivocation_open" | "member_equivocation";

export type DisputeOperation = OperationOf<DisputeName>;
export type RoundOperation = OperationOf<RoundName>;
export type EquivocationOperation = OperationOf<EquivocationName>;

/** What has the name of an operation: an operation, or a step that is not resolved yet. */
interface Named {
  readonly name: Operation["name"];
}

export function isOfDispute<T extends Named>(named: T): named is T & { name: DisputeName } {
  return named.name.startsWith("dispute_");
}

export function isOfRound<T extends Named>(named: T): named is T & { name: RoundName } {
  return named.name.startsWith("round_") || named.name === "audit_draw";
}

export function isOfEquivocation<T extends Named>(
  named: T,
): named is T & { name: EquivocationName } {
  return named.name === "equivocation_open" || named.name === "member_equivocation";
}

/** Sequence of every envelope with a leaf. */
export const SEQUENCE = 1n;

/** Number of the default address, which is not a key. */
export const NO_KEY = 0;
