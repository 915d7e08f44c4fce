import { isResolvable } from "./predict-dispute.ts";
import { hasDropped } from "./predict-round.ts";
import { kindFor } from "./resolve-dispute.ts";
import { type Dispute, type Member, OWNERS, type Owner, type Round, type State } from "./state.ts";
import { OTHERS, type Step } from "./steps.ts";

/*
 * A step that is drawn when nothing is there for it yet would be refused for a dull reason. Most such steps become the one that comes
 * first, so that lives get as far as pay and leave; the others stay, and are refused.
 */

/** The step's name, or that of the step which must come before it. */
export function fitting(state: State, { name, subject }: Step): Step["name"] {
  if (subject >= OTHERS) return name;
  const { federation } = state;
  switch (name) {
    case "round_open":
      return federation.openRound === 0n ? name : "round_commit";
    case "round_commit":
      return federation.openRound === 0n ? "round_open" : name;
    case "round_void":
      return federation.openRound === 0n && droppedRound(state) === undefined ? "round_open" : name;
    case "round_finalize":
      return federation.pending.length > 0 ? name : forward(state);
    case "audit_draw":
      return federation.openRound === 0n ? "round_open" : name;
    case "dispute_open":
      return disputableRound(state) === undefined ? renewal(state) : name;
    case "dispute_rewards":
    case "dispute_narrow":
    case "dispute_demand":
    case "dispute_answer":
    case "dispute_envelope":
    case "dispute_resolve":
      return disputing(state, name);
    case "member_equivocation":
      return state.equivocations.size > 0 ? name : "equivocation_open";
    case "round_close":
      return closable(state) === undefined ? forward(state) : name;
    case "reward_claim":
      return federation.finalRound === 0n ? forward(state) : name;
    case "member_withdraw":
    case "member_close":
      return leaving(state, name);
    default:
      return name;
  }
}

/** What brings the next committed round. */
function renewal({ federation }: State): Step["name"] {
  return federation.openRound === 0n ? "round_open" : "round_commit";
}

/** The newest round whose window is not over. */
function disputableRound({ federation, rounds, now }: State): Round | undefined {
  const newest = rounds.get(federation.pending.at(-1) ?? 0n);
  return newest !== undefined && now < newest.challengeEndsAt ? newest : undefined;
}

/** What brings the next pay. */
function forward(state: State): Step["name"] {
  return state.federation.pending.length > 0 ? "round_finalize" : renewal(state);
}

/** A dispute is opened, fed or answered, and resolved. */
function disputing(state: State, name: Step["name"]): Step["name"] {
  const open = [...state.disputes.values()];
  if (open.length === 0) return disputableRound(state) === undefined ? renewal(state) : "dispute_open";
  if (name === "dispute_resolve" && open.some((dispute) => isResolvable(state, dispute))) return name;
  if (name === "dispute_resolve") return open.some(isFoldable) ? "dispute_rewards" : "wait";
  const kind = kindFor(name);
  const fitting = open.filter((dispute) => dispute.kind === kind);
  if (fitting.length === 0) return "dispute_resolve";
  const demanded = fitting.some(({ demandDeadline }) => demandDeadline !== 0n);
  return name === "dispute_answer" && !demanded ? "dispute_demand" : name;
}

function isFoldable({ kind, demandDeadline, nextLeaf, leafCount }: Dispute): boolean {
  return kind === "total" && demandDeadline === 0n && nextLeaf < leafCount;
}

/** A round that builds on a void one, whose account does not say so yet. */
export function droppedRound({ federation, rounds }: State): bigint | undefined {
  const left = [...rounds.values()].find(
    (round) => (round.status === "open" || round.status === "committed") && hasDropped(federation, round),
  );
  return left?.number;
}

/** A round that nothing refers to any more. */
export function closable({ federation, rounds }: State): Round | undefined {
  return [...rounds.values()].find(
    ({ status, number, closed, openDisputes }) =>
      !closed &&
      (status === "final" ? number < federation.finalRound : status === "void" && openDisputes === 0),
  );
}

/** Somebody leaves, the cooldown passes, the stake goes home, the account closes. */
function leaving(
  { federation, members, now }: State,
  name: "member_withdraw" | "member_close",
): Step["name"] {
  const left = [...members.values()].filter(hasLeft);
  if (left.length === 0) return "member_exit";
  const staked = left.filter(({ stake }) => stake > 0n);
  if (staked.length === 0) return name;
  const free = staked.some(({ exitRequestedAt }) => now >= exitRequestedAt + federation.exitCooldown);
  return free ? "member_withdraw" : "wait";
}

function hasLeft({ exitRequestedAt }: Member): boolean {
  return exitRequestedAt !== 0n;
}

/** The owner whom the step is likely to be about: one who is no member yet, one who is, one who has left, one with pay. */
export function ownerFor(state: State, { name, subject }: Step): Owner {
  const any = OWNERS[subject % OWNERS.length]!;
  if (subject >= OTHERS) return any;
  const likely = OWNERS.filter((owner) => suits(state, name, owner));
  return likely[subject % likely.length] ?? any;
}

function suits({ federation, members, rounds }: State, name: Step["name"], owner: Owner): boolean {
  const member = members.get(owner);
  switch (name) {
    case "member_join":
      return member === undefined || hasLeft(member);
    case "member_withdraw":
      return member !== undefined && hasLeft(member) && member.stake > 0n;
    case "member_close":
      return member !== undefined && hasLeft(member) && member.stake === 0n && member.claimed === 0n;
    case "reward_claim": {
      const leaves = rounds.get(federation.finalRound)?.leaves ?? [];
      return leaves.some((leaf) => leaf.owner === owner && leaf.cumulative > (member?.claimed ?? 0n));
    }
    default:
      return member !== undefined && !hasLeft(member);
  }
}
