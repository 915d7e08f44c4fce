import { type Member, OWNERS, type Owner, type Round, type State } from "./state.ts";
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
    case "round_void":
      return federation.openRound === 0n ? "round_open" : name;
    case "round_finalize":
      return federation.pending.length > 0 ? name : forward(state);
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

/** What brings the next pay. */
function forward({ federation }: State): Step["name"] {
  if (federation.pending.length > 0) return "round_finalize";
  return federation.openRound === 0n ? "round_open" : "round_commit";
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
