import { setTimeout } from "node:timers/promises";
import { PlenaryError } from "@plenary/protocol";
import {
  type FederationMember,
  joinFederation,
  type MemberStatus,
  readStatus,
  type TrainOptions,
} from "@plenary/sdk";
import { EXIT, isAbort } from "../exit-codes.ts";
import { disputeStatusLine, evaluationLines, membershipLines, rulesLine } from "../output/index.ts";
import {
  accessConfigured,
  configuredAnswers,
  configuredKeypair,
  configuredOwner,
  configuredUpdateKeypairs,
  openConfigured,
  ownerIfAny,
  required,
  type Session,
} from "../session.ts";
import { textsOf, tokensOf } from "../tokens.ts";

/** Seconds. */
const LONGEST_PAUSE = 86_400;

export interface TrainFlags {
  readonly rounds?: number;
  readonly once?: boolean;
  /** Seconds between a round's outcome and the next round, at most a day. */
  readonly pause?: number;
  readonly seed?: number;
  readonly engine?: "native" | "wasm";
  readonly codec?: string;
}

/**
 * `plenary train`. Ends with exit code 0 when told to stop, after the rounds asked for, or when the
 * federation is complete.
 */
export async function train(session: Session, flags: TrainFlags): Promise<number> {
  const { output, signal } = session;
  const { member, transaction } = await openTraining(session, flags.seed);
  const address = member.address.toBase58();
  const { rules } = member;
  const fields = { member: address, transaction, rules };
  output.say("joined", [`member ${address}`, rulesLine(rules)], fields);
  const options: TrainOptions = {
    rounds: flags.once ? 1 : flags.rounds,
    engine: flags.engine,
    codec: flags.codec,
    onEvent: (event) => output.participation(event),
    signal,
  };
  try {
    let [rounds, missed] = [0, 0];
    for await (const { outcome } of member.train(options)) {
      if (outcome === "missed") missed += 1;
      else rounds += 1;
      if (flags.pause !== undefined && rounds !== options.rounds)
        await setTimeout(1_000 * Math.min(flags.pause, LONGEST_PAUSE), undefined, { signal });
    }
    const apart = missed === 0 ? "" : `, and missed ${missed}`;
    output.say("finished", `took part in ${rounds} rounds${apart}`, { rounds, missed });
  } catch (error) {
    if (!isAbort(error) || !signal.aborted) throw error;
    output.say("stopped", "stopped; train again to continue", {});
  } finally {
    await member.close();
  }
  return EXIT.done;
}

/**
 * Joins if needed, with the owner's keypair. Without it, or with the keys of a rotation, it trains
 * for an owner that is already a member.
 */
async function openTraining(
  session: Session,
  seed: number | undefined,
): Promise<{ member: FederationMember; transaction: string | null }> {
  const { signal } = session;
  const { owner, joining, updateKeypairs } = await trainingKeys(session);
  const access = await accessConfigured(session);
  const joined =
    joining !== null && access.configuration.visibility === "private"
      ? await joinFederation(access, {
          ...joining,
          updateKey: joining.updateKeypair.publicKey,
          signal,
        })
      : null;
  const federation = await openConfigured(session);
  const answers = await configuredAnswers(session, federation.questionnaire);
  const part = {
    answers,
    state: required(session, "state"),
    signal,
    ...(seed !== undefined && { seed }),
  };
  const member =
    joining === null
      ? await federation.member({ ...part, owner, updateKeypairs })
      : await federation.join({ ...part, ...joining });
  return { member, transaction: joined?.transaction ?? member.joinTransaction };
}

/** The owner to train for, the keys that sign, and the keys to join with if there are any. */
async function trainingKeys(session: Session) {
  const updateKeypairs = await configuredUpdateKeypairs(session);
  const [first, second] = updateKeypairs;
  const owner = await configuredOwner(session);
  const keypair =
    session.settings.keypair === undefined ? undefined : await configuredKeypair(session);
  const isOwners = keypair?.publicKey.equals(owner) === true;
  if (isOwners && second === undefined)
    return { owner, updateKeypairs, joining: { keypair, updateKeypair: first ?? keypair } };
  if (first !== undefined) return { owner, updateKeypairs, joining: null };
  throw new PlenaryError(
    "invalid-input",
    `Training for ${owner.toBase58()} without its keypair needs --update-key, the keypair file that signs its updates.`,
    { field: "update-key" },
  );
}

/** `plenary status` */
export async function status(session: Session): Promise<void> {
  const federation = await accessConfigured(session);
  const owner = await ownerIfAny(session);
  const found = await readStatus(federation, owner, session.signal);
  const { federation: view, round, disputes, member } = found;
  const tokens = await tokensOf(federation);
  const lines = [
    `${view.name} (${view.address}): ${view.status}, ${view.members} members, ${view.committedRounds}${view.totalRounds === 0 ? "" : ` of ${view.totalRounds}`} rounds committed`,
    round === null
      ? "no round yet"
      : `round ${round.number}: ${round.state}, ${round.received} of ${round.quorum} updates`,
    ...evaluationLines(found),
    ...disputes.map(
      ({ round: number, dispute }) => `round ${number}: ${disputeStatusLine(dispute, tokens)}`,
    ),
  ];
  if (owner !== undefined && member === null) lines.push(`${owner.toBase58()} is not a member`);
  const paid = member && textsOf(amountsOf(member), tokens);
  if (member !== null && paid !== null) {
    lines.push(
      `member ${member.address}: ${member.counted} updates counted, ${member.refused} refused, ${member.missed} rounds missed, ${paid.earned} tokens earned, ${paid.claimed} claimed, ${paid.claimable} claimable, stake ${paid.stake}`,
    );
    lines.push(...membershipLines(member));
    for (const { round: number, update } of member.updates)
      lines.push(
        `  round ${number}: ${update.state}${update.reason === null ? "" : ` - ${update.reason.text}`}`,
      );
  }
  session.output.say("status", lines, { ...found, member: member && { ...member, ...paid } });
}

function amountsOf({ earned, claimed, claimable, stake }: MemberStatus) {
  return {
    earned: BigInt(earned),
    claimed: BigInt(claimed),
    claimable: BigInt(claimable),
    stake,
  };
}
