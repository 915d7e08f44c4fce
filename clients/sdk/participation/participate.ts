import { isMemberIn, type Member, readMember, updateKeyAt } from "@plenary/chain";
import { PlenaryError, type RoundView } from "@plenary/protocol";
import { isOutage, pause, pauseAfter } from "@plenary/service";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { readFederationView, readRoundView } from "../access/index.ts";
import type { RoundRecord } from "../member-store/index.ts";
import { evaluationNews } from "./evaluation-news.ts";
import { trainingEngine } from "./local-training.ts";
import type { Participant, ParticipationSession, TrainOptions } from "./participation.ts";
import type { TrainedRound } from "./participation-events.ts";
import { keepQuestions } from "./round-questions.ts";
import { watchForChanges } from "./round-watch.ts";
import { settle } from "./settle.ts";
import { takePart } from "./take-part.ts";

/**
 * Takes part in every round until it is told to stop. It waits for a round, downloads the base
 * model and checks it against the Round account on chain, trains, signs, uploads, checks the
 * receipt, and waits for the outcome. Yields each round when its outcome is known. Ends when the
 * federation is complete. Outages of service and chain do not end it, however long they last, and
 * after a restart it continues where the store says.
 */
export async function* participate(
  participant: Participant,
  options: TrainOptions = {},
): AsyncGenerator<TrainedRound> {
  const { context } = participant;
  const { signal, pollInterval } = options;
  const engine = trainingEngine(context, options.engine);
  const waker = watchForChanges(context.client, context.address.toBase58(), {
    signal,
    pollInterval,
  });
  const emit = options.onEvent ?? (() => undefined);
  const questions = keepQuestions(participant, engine, signal);
  const session: ParticipationSession = { ...participant, options, waker, questions, emit };
  const tellNews = evaluationNews();
  try {
    let counted = 0;
    for (let failures = 0; options.rounds === undefined || counted < options.rounds; ) {
      try {
        await tellNews(session);
        const trained = await takeTurn(session);
        if (trained !== null) await tellNews(session);
        if (trained === "complete") return;
        failures = 0;
        if (trained === null) continue;
        if (trained.outcome !== "void" && trained.outcome !== "missed") counted += 1;
        yield trained;
      } catch (error) {
        failures += 1;
        if (signal?.aborted || !isOutage(error, failures)) throw error;
        emit({ type: "retrying", code: error.code, message: error.message });
        await pause(pauseAfter(context.client.retry, failures, error), signal);
      }
    }
  } finally {
    waker.stop();
    await questions.close();
  }
}

/**
 * One step towards the next settled round; null if there was none to take. It can be repeated after
 * any failure, for the store knows the rest.
 */
async function takeTurn(session: ParticipationSession): Promise<TrainedRound | "complete" | null> {
  const { waker } = session;
  const { seen } = waker;
  const unsettled = await unsettledRecord(session);
  if (unsettled !== null) return settle(session, unsettled);
  const next = await nextRound(session);
  if (next === null) return "complete";
  const record = await takePart(session, next.round, next.keypair);
  if (record !== null) return settle(session, record);
  await waker.after(seen);
  return null;
}

/** An update of an earlier run whose round has closed and whose outcome is not known yet. */
async function unsettledRecord({
  store,
  context,
  options,
}: ParticipationSession): Promise<RoundRecord | null> {
  const latest = await store.latest();
  if (latest === null || latest.outcome !== null) return null;
  if (latest.receipt !== null) return latest;
  const round = await readRoundView(context, latest.round, options.signal);
  return round?.state === "collecting" ? null : latest;
}

/**
 * The round that collects updates and still wants this member's; null when the federation is
 * complete.
 */
async function nextRound(
  session: ParticipationSession,
): Promise<{ readonly round: RoundView; readonly keypair: Keypair } | null> {
  const { context, store, waker, options, emit } = session;
  for (let waited = false; ; waited = true) {
    const { seen } = waker;
    const round = await readRoundView(context, "current", options.signal);
    if (round?.state === "collecting") {
      const record = await store.record(BigInt(round.number));
      const keypair =
        record?.outcome == null ? await keypairFor(session, BigInt(round.number)) : null;
      if (keypair !== null) return { round, keypair };
    } else if (round === null || ["final", "committed", "void"].includes(round.state)) {
      const { status } = await readFederationView(context, options.signal);
      if (status === "complete") return null;
    }
    if (!waited) emit({ type: "waiting", for: "round" });
    await waker.after(seen);
  }
}

/**
 * The keypair for this member's updates of a round; null to wait for the next round. A member that
 * joined while a round was open begins with the next one. So does a process that has only the new
 * key, while the old one still signs.
 */
async function keypairFor(session: ParticipationSession, round: bigint): Promise<Keypair | null> {
  const { updateKeypairs } = session;
  const member = await requireMember(session);
  if (member.exitRound !== 0n && round >= member.exitRound)
    throw new PlenaryError(
      "member-inactive",
      `This member has left the federation from round ${member.exitRound} on.`,
      { exitRound: member.exitRound.toString() },
    );
  if (!isMemberIn(member, round)) return null;
  const key = updateKeyAt(member, round);
  const keypair = updateKeypairs.find(({ publicKey }) => publicKey.equals(key));
  if (keypair !== undefined) return keypair;
  if (updateKeypairs.some(({ publicKey }) => publicKey.equals(member.updateKey))) return null;
  throw wrongKey(round, key, updateKeypairs);
}

function wrongKey(round: bigint, key: PublicKey, held: readonly Keypair[]): PlenaryError {
  const actual = held.map(({ publicKey }) => publicKey.toBase58()).join(", ");
  return new PlenaryError(
    "signature-invalid",
    `Updates of round ${round} are signed with ${key.toBase58()}, and this is ${actual}: train with the key that is recorded on chain.`,
    { round: round.toString(), expected: key.toBase58(), actual },
  );
}

async function requireMember({ context, member }: ParticipationSession): Promise<Member> {
  const account = await readMember(context.connection, member);
  if (account !== null) return account;
  throw new PlenaryError(
    "member-unknown",
    `There is no member ${member.toBase58()} on chain: join first.`,
    {
      member: member.toBase58(),
    },
  );
}
