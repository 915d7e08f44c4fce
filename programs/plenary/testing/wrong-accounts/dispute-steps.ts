import {
  auditDraw,
  disputeAnswer,
  disputeDemand,
  disputeEnvelope,
  disputeNarrow,
  disputeProbe,
  disputeRewards,
  equivocationOpen,
  memberEquivocation,
  PROGRAM_ID,
} from "@plenary/chain";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { FEDAVG } from "../../../../testing/index.ts";
import { DisputedRound, disputable } from "../disputed-round.ts";
import type { OpenDispute } from "../open-dispute.ts";
import type { Earned } from "../rewards.ts";
import type { RoundPlan } from "../round-plan.ts";
import type { Scenario } from "../scenario.ts";
import { envelopeOf, receiptOf, signed, signedUpdate } from "../signed.ts";
import { digest, type TestChain } from "../test-chain.ts";
import { type NamedStep, type Step, TOKEN_ACCOUNTS } from "./ground.ts";

/**
 * Every instruction of disputes and of equivocation, in the order in which one federation can go
 * through them all.
 */
export function disputeSteps(
  chain: TestChain,
  mint: PublicKey,
): { scenario: Scenario; steps: readonly NamedStep[] } {
  const base = Int32Array.from({ length: 100 }, (_, j) => j * 1000);
  const empty: RoundPlan = { rules: FEDAVG, base, state: new Int32Array(), updates: [] };
  const scenario = disputable(empty, "steps", chain, mint);
  const all = new DisputeSteps(scenario, empty);
  return {
    scenario,
    steps: [...all.chunkSteps(), ...all.otherSteps(), ...all.equivocationSteps()],
  };
}

class DisputeSteps {
  readonly scenario: Scenario;
  readonly challenger: Keypair;
  readonly owner: Keypair;
  readonly plan: RoundPlan;
  readonly earned: Earned[];
  #round: DisputedRound | undefined;
  #dispute: OpenDispute | undefined;

  constructor(scenario: Scenario, empty: RoundPlan) {
    this.scenario = scenario;
    this.challenger = scenario.challenger("steps challenger");
    this.owner = scenario.join("steps member");
    this.earned = scenario.earned([this.owner, 100n]);
    const update = signedUpdate(scenario, this.owner, empty.base, empty.base, 3);
    this.plan = { ...empty, updates: [update] };
  }

  /** The round that the first step opened. It is committed when the second step needs it. */
  get round(): DisputedRound {
    const { scenario, plan, earned } = this;
    this.#round ??= new DisputedRound(scenario, plan, {
      number: scenario.state().openRound,
      earned,
    });
    return this.#round;
  }

  get dispute(): OpenDispute {
    if (this.#dispute === undefined) throw new Error("No step has opened a dispute yet.");
    return this.#dispute;
  }

  step(instructions: readonly TransactionInstruction[], signer = this.challenger): Step {
    return { instructions, signers: [signer] };
  }

  chunkSteps(): NamedStep[] {
    const { scenario, challenger } = this;
    const { federation, aggregator, stranger } = scenario;
    const subject = { kind: "chunk", index: 1 } as const;
    return [
      [
        "audit_draw",
        () => {
          const number = scenario.open();
          const draw = {
            federation,
            aggregator: aggregator.publicKey,
            number,
            envelopesRoot: digest("e"),
          };
          return this.step(auditDraw(PROGRAM_ID, draw), aggregator);
        },
      ],
      ["dispute_open", () => this.step(this.round.openInstruction(challenger, subject))],
      [
        "dispute_probe",
        () => {
          this.#dispute = this.round.challenge(
            { kind: "chunk", index: 1 },
            this.scenario.challenger("steps prober"),
          );
          const { address, challenger: prober } = this.dispute;
          const asked = {
            dispute: address,
            challenger: prober.publicKey,
            vector: "next",
            index: 0,
          } as const;
          return this.step(disputeProbe(PROGRAM_ID, asked), prober);
        },
      ],
      [
        "dispute_demand",
        () => {
          this.#dispute = this.round.challenge({ kind: "chunk", index: 0 }, challenger);
          const demand = { dispute: this.dispute.address, challenger: challenger.publicKey };
          return this.step(disputeDemand(PROGRAM_ID, demand));
        },
      ],
      [
        "dispute_answer",
        () => {
          const { leaf, path } = this.round.leafProof(0);
          const answer = { leaf: { tree: "updates", leaf }, path } as const;
          return this.step(
            disputeAnswer(PROGRAM_ID, { dispute: this.dispute.address, answer }),
            stranger,
          );
        },
      ],
      [
        "dispute_chunk",
        () => this.step(this.dispute.chunkInstruction("delta", this.dispute.deltaChunk(0))),
      ],
      [
        "dispute_resolve",
        () => {
          this.dispute.feedAll();
          return {
            ...this.step(this.dispute.resolveInstruction(PROGRAM_ID), stranger),
            // Nothing is transferred if the challenger loses.
            accepted: ["token_program <- otherTokenProgram"],
          };
        },
      ],
      [
        "dispute_leaf",
        () => {
          this.#dispute = this.round.challenge({ kind: "chunk", index: 0 }, challenger);
          return this.step(this.dispute.leafInstruction(this.round.leafProof(0).leaf));
        },
      ],
    ];
  }

  otherSteps(): NamedStep[] {
    const { scenario, challenger, owner, earned } = this;
    const { federation, stranger } = scenario;
    return [
      [
        "dispute_rewards",
        () => {
          const { address: dispute } = this.round.challenge({ kind: "total" }, challenger);
          const leaves = earned.map(({ member, cumulative }) => ({
            member: member.toBytes(),
            cumulative,
          }));
          return this.step(
            disputeRewards(PROGRAM_ID, { dispute, challenger: challenger.publicKey, leaves }),
          );
        },
      ],
      [
        "dispute_narrow",
        () => {
          const { number } = this.round;
          const later = envelopeOf(
            scenario,
            owner,
            this.plan.base,
            { delta: this.plan.base, weight: 3 },
            number,
            { sequence: 9n },
          );
          const receipt = receiptOf(scenario, owner, number, { sequence: 9n, envelope: later });
          const { address: dispute } = this.round.challenge(
            { kind: "omission", receipt },
            challenger,
          );
          const { index, leaf, path } = this.round.leafProof(0);
          const narrow = {
            dispute,
            challenger: challenger.publicKey,
            index,
            leaf: { tree: "updates", leaf },
            path,
          } as const;
          return this.step(disputeNarrow(PROGRAM_ID, narrow));
        },
      ],
      [
        "dispute_envelope",
        () => {
          const { number } = this.round;
          const proof = this.round.leafProof(0);
          const { address: dispute } = this.round.challenge(
            { kind: "envelope", proof },
            challenger,
          );
          const message = this.plan.updates[0]?.envelope?.(number) ?? new Uint8Array();
          const envelope = signed(message, scenario.updateKey(owner));
          const show = { federation, number, dispute, leaf: proof.leaf, envelope };
          return this.step(disputeEnvelope(PROGRAM_ID, show), stranger);
        },
      ],
    ];
  }

  equivocationSteps(): NamedStep[] {
    const { scenario, challenger, owner } = this;
    const { federation, mint: rewardMint, tokenProgram } = scenario;
    const member = scenario.memberAddress(owner);
    const half = (weight: number) => {
      const { number } = this.round;
      const message = envelopeOf(
        scenario,
        owner,
        this.plan.base,
        { delta: this.plan.base, weight },
        number,
      );
      const envelope = signed(message, scenario.updateKey(owner));
      return { member, reporter: challenger.publicKey, round: number, sequence: 7n, envelope };
    };
    return [
      ["equivocation_open", () => this.step(equivocationOpen(PROGRAM_ID, half(3)))],
      [
        "member_equivocation",
        () => ({
          ...this.step(
            memberEquivocation(PROGRAM_ID, {
              ...half(4),
              federation,
              rewardMint,
              tokenProgram,
              reporterTokens: scenario.tokenAccount(challenger),
            }),
          ),
          accepted: TOKEN_ACCOUNTS.map((to) => `reporter_tokens <- ${to}`),
        }),
      ],
    ];
  }
}
