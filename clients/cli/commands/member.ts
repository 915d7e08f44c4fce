import { joinFederation, readAnswers, readStatus, type TrainOptions } from "@plenary/sdk";
import { disputeStatusLine } from "../dispute-lines.ts";
import { EXIT, isAbort } from "../exit-codes.ts";
import {
  accessConfigured,
  configuredKeypair,
  keypairIfAny,
  openConfigured,
  required,
  type Session,
} from "../session.ts";

/** `plenary join` */
export async function join(session: Session): Promise<void> {
  const keypair = await configuredKeypair(session);
  const federation = await accessConfigured(session);
  // Data that the federation cannot use should be found out before a stake is paid; a private one shows its questions to members only.
  if (session.settings.data !== undefined && federation.configuration.visibility !== "private")
    await readAnswers(session.settings.data, (await openConfigured(session)).questionnaire);
  const { member, transaction } = await joinFederation(federation, { keypair, signal: session.signal });
  const text =
    transaction === null
      ? `${member.toBase58()} is a member already`
      : `joined as ${member.toBase58()} in transaction ${transaction}`;
  session.output.say("joined", text, { member: member.toBase58(), transaction });
}

export interface TrainFlags {
  readonly rounds?: number;
  readonly once?: boolean;
  readonly seed?: number;
  readonly engine?: "native" | "wasm";
  readonly codec?: string;
}

/** `plenary train`: ends with exit code 0 when told to stop, after the rounds asked for, or when the federation is complete. */
export async function train(session: Session, flags: TrainFlags): Promise<number> {
  const { output, signal } = session;
  const keypair = await configuredKeypair(session);
  const access = await accessConfigured(session);
  const joined =
    access.configuration.visibility === "private" ? await joinFederation(access, { keypair, signal }) : null;
  const federation = await openConfigured(session);
  const answers = await readAnswers(required(session, "data"), federation.questionnaire);
  const member = await federation.join({
    keypair,
    answers,
    state: required(session, "state"),
    signal,
    ...(flags.seed !== undefined && { seed: flags.seed }),
  });
  const address = member.address.toBase58();
  output.say("joined", `member ${address}`, {
    member: address,
    transaction: joined?.transaction ?? member.joinTransaction,
  });
  const options: TrainOptions = {
    rounds: flags.once ? 1 : flags.rounds,
    engine: flags.engine,
    codec: flags.codec,
    onEvent: (event) => output.participation(event),
    signal,
  };
  try {
    let rounds = 0;
    for await (const _ of member.train(options)) rounds += 1;
    output.say("finished", `took part in ${rounds} rounds`, { rounds });
  } catch (error) {
    if (!isAbort(error) || !signal.aborted) throw error;
    output.say("stopped", "stopped; train again to go on", {});
  } finally {
    await member.close();
  }
  return EXIT.done;
}

/** `plenary status` */
export async function status(session: Session): Promise<void> {
  const federation = await accessConfigured(session);
  const owner = (await keypairIfAny(session))?.publicKey;
  const found = await readStatus(federation, owner, session.signal);
  const { federation: view, round, disputes, member } = found;
  const lines = [
    `${view.name} (${view.address}): ${view.status}, ${view.members} members, ${view.committedRounds} rounds committed`,
    round === null
      ? "no round yet"
      : `round ${round.number}: ${round.state}, ${round.received} of ${round.quorum} updates`,
    ...disputes.map(({ round: number, dispute }) => `round ${number}: ${disputeStatusLine(dispute)}`),
  ];
  if (owner !== undefined && member === null) lines.push(`${owner.toBase58()} is no member`);
  if (member !== null) {
    lines.push(
      `member ${member.address}: ${member.counted} updates counted, ${member.refused} refused, earned ${member.earned}, claimed ${member.claimed}, claimable ${member.claimable}, stake ${member.stake}`,
    );
    for (const { round: number, update } of member.updates)
      lines.push(
        `  round ${number}: ${update.state}${update.reason === null ? "" : ` - ${update.reason.text}`}`,
      );
  }
  session.output.say("status", lines.join("\n"), { ...found });
}
