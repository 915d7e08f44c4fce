import assert from "node:assert/strict";
import { type DisputeSubject, disputeOf, disputeOpen, PROGRAM_ID } from "@plenary/chain";
import {
  auditPath,
  compareBytes,
  EMPTY_ROOT,
  encodeUpdateLeaf,
  type LeafProof,
  leafHash,
  merkleRoot,
  type RoundCommitment,
  type UpdateLeaf,
  vectorRoot,
} from "@plenary/protocol";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { type CommittedRound, OpenDispute } from "./open-dispute.ts";
import type { Earned } from "./rewards.ts";
import { outcomeOf, plannedLeaf, type RoundPlan } from "./round-plan.ts";
import { Scenario } from "./scenario.ts";
import type { TestChain } from "./test-chain.ts";

/** What an aggregator commits in addition to the plan, or instead of the right result. */
export interface Commitment {
  /** The open round. If it is left out, a new round is opened. */
  readonly number?: bigint;
  readonly earned?: readonly Earned[];
  readonly next?: (next: Int32Array) => void;
  readonly nextState?: (state: Int32Array) => void;
  readonly leaves?: (leaves: UpdateLeaf[]) => void;
  readonly result?: Partial<RoundCommitment>;
}

/** A federation for disputed rounds: a challenge window of an hour, and the plan's model. */
export function disputable(
  plan: RoundPlan,
  name = "disputed",
  chain?: TestChain,
  mint?: PublicKey,
): Scenario {
  const terms = { challengeWindow: 3600, exitCooldown: 3600, maxUpdates: 256, maxWeight: 200_000 };
  return Scenario.ready(name, terms, chain, mint, {
    modelRoot: vectorRoot(plan.base),
    stateRoot: plan.rules.stateVectors === 0 ? EMPTY_ROOT : vectorRoot(plan.state),
    parameterCount: plan.base.length,
    rules: plan.rules,
  });
}

/** A committed round, with everything that a challenger knows about it. */
export class DisputedRound implements CommittedRound {
  readonly scenario: Scenario;
  readonly plan: RoundPlan;
  readonly number: bigint;
  readonly leaves: readonly UpdateLeaf[];
  readonly vectors: CommittedRound["vectors"];
  readonly #deltas: ReadonlyMap<string, Int32Array>;

  constructor(scenario: Scenario, plan: RoundPlan, commitment: Commitment = {}) {
    this.scenario = scenario;
    this.plan = plan;
    this.number = commitment.number ?? scenario.open();
    const leaves = plan.updates
      .map((update) => plannedLeaf(update, this.number))
      .sort((a, b) => compareBytes(a.member, b.member));
    this.#deltas = new Map(plan.updates.map((update) => [nameOf(update.member), update.delta]));
    const truth = outcomeOf(plan);
    commitment.next?.(truth.next);
    commitment.nextState?.(truth.nextState);
    commitment.leaves?.(leaves);
    this.leaves = leaves;
    this.vectors = { base: plan.base, baseState: plan.state, ...truth };
    const result = scenario.result(this.number, commitment.earned ?? [], {
      nextRoot: vectorRoot(truth.next),
      nextStateRoot: plan.rules.stateVectors === 0 ? EMPTY_ROOT : vectorRoot(truth.nextState),
      updatesRoot: merkleRoot(this.leafHashes()),
      updateCount: leaves.length,
      totalWeight: plan.updates.reduce((sum, { weight }) => sum + weight, 0),
      ...commitment.result,
    });
    scenario.run("round_commit", scenario.commitInstruction(this.number, result), [
      scenario.aggregator,
    ]);
  }

  leafHashes(): Uint8Array[] {
    return this.leaves.map((leaf) => leafHash(encodeUpdateLeaf(leaf)));
  }

  leafProof(index: number): LeafProof<UpdateLeaf> {
    const leaf = this.leaves[index];
    assert.ok(leaf);
    return { index, leaf, path: auditPath(this.leafHashes(), index) };
  }

  delta(index: number): Int32Array {
    const leaf = this.leaves[index];
    const delta = leaf && this.#deltas.get(nameOf(leaf.member));
    assert.ok(delta);
    return delta;
  }

  openInstruction(challenger: Keypair, subject: DisputeSubject): TransactionInstruction[] {
    const { scenario, number } = this;
    return disputeOpen(PROGRAM_ID, {
      federation: scenario.federation,
      rewardMint: scenario.mint,
      tokenProgram: scenario.tokenProgram,
      number,
      challenger: challenger.publicKey,
      source: scenario.tokenAccount(challenger),
      subject,
    });
  }

  /** Opens a dispute of a challenger that has tokens for the deposit. */
  challenge(subject: DisputeSubject, challenger = this.scenario.challenger()): OpenDispute {
    const { scenario } = this;
    scenario.run("dispute_open", this.openInstruction(challenger, subject), [challenger]);
    const at = disputeOf(
      PROGRAM_ID,
      scenario.federation,
      this.number,
      challenger.publicKey,
      subject,
    );
    return new OpenDispute(this, at, challenger);
  }
}

function nameOf(member: Uint8Array): string {
  return Buffer.from(member).toString("hex");
}
