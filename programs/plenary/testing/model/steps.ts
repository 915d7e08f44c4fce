import fc from "fast-check";
import type { Operation } from "./operations.ts";
import type { RuleName } from "./rules.ts";
import type { Terms } from "./state.ts";

/**
 * One drawn step, independent of the state. Its numbers are choices that `resolve` interprets in
 * the present state. The most ordinary choice is 0, so that shrinking a failing sequence makes it
 * both shorter and simpler.
 */
export interface Step {
  readonly name: Operation["name"];
  /** The signer: the one that the program expects, or from `OTHERS` on another one. */
  readonly by: number;
  /** The owner or round that the step is about. */
  readonly subject: number;
  /** An amount near a limit, or a small one. */
  readonly near: number;
  readonly amount: number;
  /** What is wrong with the step; below `FLAWS`, nothing. */
  readonly flaw: number;
  /** What is wrong with a commitment without the program noticing it; below `DECEITS`, nothing. */
  readonly deceit: number;
}

/** From these values on, choices are not the ordinary ones. */
export const OTHERS = 28;
export const FLAWS = 28;
export const DECEITS = 16;
export const CHOICES = 32;

/** What the program expects, or one of the others. */
export function pick<T>(choice: number, expected: T, others: readonly T[]): T {
  return choice < OTHERS ? expected : others[(choice * 7) % others.length]!;
}

/** The right value, or one of the wrong ones. */
export function flawed<T>(step: Step, right: T, wrong: readonly T[]): T {
  return step.flaw < FLAWS ? right : wrong[step.flaw % wrong.length]!;
}

/**
 * How often each instruction is drawn: those that advance a federation more often than rare ones.
 */
const WEIGHTS: Readonly<Record<Operation["name"], number>> = {
  wait: 12,
  round_open: 14,
  round_commit: 16,
  round_finalize: 18,
  round_void: 6,
  round_close: 6,
  reward_claim: 18,
  member_join: 9,
  member_rotate_key: 4,
  payout_update: 3,
  member_exit: 5,
  member_withdraw: 6,
  member_close: 8,
  vault_fund: 4,
  vault_withdraw: 4,
  bond_deposit: 4,
  bond_withdraw: 4,
  federation_pause: 2,
  federation_update: 3,
  authority_propose: 3,
  authority_accept: 4,
  audit_draw: 3,
  dispute_open: 14,
  dispute_rewards: 8,
  dispute_leaf: 10,
  dispute_chunk: 8,
  dispute_probe: 6,
  dispute_narrow: 8,
  dispute_demand: 4,
  dispute_answer: 5,
  dispute_envelope: 4,
  dispute_resolve: 10,
  equivocation_open: 3,
  member_equivocation: 4,
  donate: 2,
};

export const OPERATIONS = Object.keys(WEIGHTS) as Operation["name"][];

const names = fc.oneof(
  ...OPERATIONS.map((name) => ({ weight: WEIGHTS[name], arbitrary: fc.constant(name) })),
);

const step: fc.Arbitrary<Step> = fc.record({
  name: names,
  by: fc.nat(CHOICES - 1),
  subject: fc.nat(CHOICES - 1),
  near: fc.nat(CHOICES - 1),
  amount: fc.nat(200),
  flaw: fc.nat(CHOICES - 1),
  deceit: fc.nat(CHOICES - 1),
});

const terms: fc.Arbitrary<Terms> = fc
  .record({
    approved: fc.nat(3).map((choice) => choice === 3),
    maxUpdates: fc.integer({ min: 1, max: 4 }),
    maxWeight: fc.integer({ min: 1, max: 10 }),
    rewardPerRound: fc.bigInt(0n, 200n),
    minimumStake: fc.bigInt(0n, 50n),
    minimumBond: fc.bigInt(0n, 100n),
    challengeWindow: fc.bigInt(0n, 80n),
    collectLimit: fc.bigInt(1n, 60n),
    grace: fc.bigInt(0n, 20n),
    patience: fc.bigInt(0n, 20n),
  })
  .map(({ patience, ...rest }) => ({
    ...rest,
    aggregator: "aggregator",
    exitCooldown: rest.challengeWindow + patience,
  }));

/** The life of a federation: its terms, its rules, its mint's token program, and its steps. */
export interface Sequence {
  readonly terms: Terms;
  readonly rules: RuleName;
  readonly token2022: boolean;
  readonly steps: readonly Step[];
}

/** Steps that fund, bond and populate the federation, so that later ones are not refused. */
const OPENING: readonly Step[] = [
  ordinary("vault_fund", 600),
  ordinary("bond_deposit", 120),
  ordinary("member_join", 0),
  ordinary("member_join", 0),
];

function ordinary(name: Operation["name"], amount: number): Step {
  return { name, by: 0, subject: 0, near: 0, amount, flaw: 0, deceit: 0 };
}

/** Longest sequence after the opening; without bias the mean is half of it. */
const LONGEST = 72;

export const sequences: fc.Arbitrary<Sequence> = fc.noBias(
  fc.record({
    terms,
    rules: fc.constantFrom<RuleName>("fedavg", "fedavg", "fedavgm", "fedavgm", "custom"),
    token2022: fc.boolean(),
    steps: fc
      .array(step, { minLength: 1, maxLength: LONGEST, size: "max" })
      .map((drawn) => [...OPENING, ...drawn]),
  }),
);
