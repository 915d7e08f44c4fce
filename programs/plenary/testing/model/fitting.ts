import { nextStep, suits } from "./dispute-progress.ts";
import { isOfDispute } from "./operations.ts";
import { hasDropped } from "./predict-round.ts";
import { findings } from "./resolve-opening.ts";
import { type Member, OWNERS, type Owner, type Round, type State } from "./state.ts";
import { OTHERS, type Step } from "./steps.ts";

/*
 * A step that is drawn too early would be refused for an uninteresting reason. Most such steps
 * become the step that must come first, so that sequences reach pay and exits. The others are kept,
 * and are refused.
 */

/** The step's name, or the name of the step that must come first. */
export function fitting(state: State, step: Step): Step["name"] {
  const { name, subject } = step;
  if (subject >= OTHERS) return name;
  if (name !== "dispute_open" && isOfDispute(step)) return disputing(state, name);
  const { federation } = state;
  switch (name) {
    case "wait":
      // Otherwise most disputes that could be finished would expire.
      return state.disputes.size > 0 && subject % 4 > 0
        ? disputing(state, "dispute_resolve")
        : name;
    case "round_open":
      if (federation.openRound !== 0n) return "round_commit";
      return isSuspect(state) ? "dispute_open" : name;
    case "round_commit":
      return committing(state, subject);
    case "round_void":
      return federation.openRound === 0n && droppedRound(state) === undefined ? "round_open" : name;
    case "round_finalize":
      return finalizing(state, subject);
    case "audit_draw":
      return federation.openRound === 0n ? "round_open" : name;
    case "dispute_open":
      return disputableRound(state) === undefined ? renewal(state) : name;
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

/** Opens a round, commits it, or voids it if it is too late to commit it. */
function committing({ federation, rounds, now }: State, subject: number): Step["name"] {
  const open = rounds.get(federation.openRound);
  if (open === undefined) return "round_open";
  return now > open.commitBy && subject % 4 > 0 ? "round_void" : "round_commit";
}

/**
 * What keeps the oldest round from being final comes first: its disputes and its challenge window.
 */
function finalizing(state: State, subject: number): Step["name"] {
  const oldest = state.rounds.get(state.federation.pending[0] ?? 0n);
  if (oldest === undefined) return forward(state);
  if (subject % 4 === 0) return "round_finalize";
  if (oldest.openDisputes > 0) return disputing(state, "dispute_resolve");
  if (state.now >= oldest.challengeEndsAt) return "round_finalize";
  return subject % 4 === 1 ? "dispute_open" : "wait";
}

/** The step towards the next committed round. */
function renewal({ federation }: State): Step["name"] {
  return federation.openRound === 0n ? "round_open" : "round_commit";
}

/** The newest round, if it is in its challenge window. */
function disputableRound({ federation, rounds, now }: State): Round | undefined {
  const newest = rounds.get(federation.pending.at(-1) ?? 0n);
  return newest !== undefined && now < newest.challengeEndsAt ? newest : undefined;
}

/** Whether the newest round is wrong and can be disputed, and no dispute is open. */
function isSuspect(state: State): boolean {
  const newest = disputableRound(state);
  return newest !== undefined && newest.openDisputes === 0 && findings(state, newest).length > 0;
}

/** The step towards the next pay. */
function forward(state: State): Step["name"] {
  return state.federation.pending.length > 0 ? "round_finalize" : renewal(state);
}

/** Opens a dispute, advances it, or resolves it. */
function disputing(state: State, name: Step["name"]): Step["name"] {
  const open = [...state.disputes.values()];
  if (open.length === 0)
    return disputableRound(state) === undefined ? renewal(state) : "dispute_open";
  if (open.some((dispute) => suits(state, dispute, name))) return name;
  if (name === "dispute_answer" && open.some((dispute) => suits(state, dispute, "dispute_demand")))
    return "dispute_demand";
  const next = open.map((dispute) => nextStep(state, dispute));
  return next.find((step) => step !== "wait") ?? "wait";
}

/** A round that builds on a void one, although its account does not say so yet. */
export function droppedRound({ federation, rounds }: State): bigint | undefined {
  const left = [...rounds.values()].find(
    (round) =>
      (round.status === "open" || round.status === "committed") && hasDropped(federation, round),
  );
  return left?.number;
}

/** A round that is no longer needed. */
export function closable({ federation, rounds }: State): Round | undefined {
  return [...rounds.values()].find(
    ({ status, number, closed, openDisputes }) =>
      !closed &&
      (status === "final"
        ? number < federation.finalRound
        : status === "void" && openDisputes === 0),
  );
}

/** A member leaves, waits for the cooldown, withdraws its stake, and closes its account. */
function leaving(
  { federation, members, now }: State,
  name: "member_withdraw" | "member_close",
): Step["name"] {
  const left = [...members.values()].filter(hasLeft);
  if (left.length === 0) return "member_exit";
  const staked = left.filter(({ stake }) => stake > 0n);
  if (staked.length === 0) return name;
  const free = staked.some(
    ({ exitRequestedAt }) => now >= exitRequestedAt + federation.exitCooldown,
  );
  return free ? "member_withdraw" : "wait";
}

function hasLeft({ exitRequestedAt }: Member): boolean {
  return exitRequestedAt !== 0n;
}

/**
 * The owner that the step is likely to be about, depending on the step: one that has not joined, a
 * member, one that has left, or one with pay.
 */
export function ownerFor(state: State, { name, subject }: Step): Owner {
  const any = OWNERS[subject % OWNERS.length]!;
  if (subject >= OTHERS) return any;
  const likely = OWNERS.filter((owner) => isLikely(state, name, owner));
  return likely[subject % likely.length] ?? any;
}

function isLikely(
  { federation, members, rounds }: State,
  name: Step["name"],
  owner: Owner,
): boolean {
  const member = members.get(owner);
  switch (name) {
    case "member_join":
      return member === undefined || hasLeft(member);
    case "member_withdraw":
      return member !== undefined && hasLeft(member) && member.stake > 0n;
    case "member_close":
      return (
        member !== undefined && hasLeft(member) && member.stake === 0n && member.claimed === 0n
      );
    case "reward_claim": {
      const leaves = rounds.get(federation.finalRound)?.leaves ?? [];
      return leaves.some(
        (leaf) => leaf.owner === owner && leaf.cumulative > (member?.claimed ?? 0n),
      );
    }
    default:
      return member !== undefined && !hasLeft(member);
  }
}
