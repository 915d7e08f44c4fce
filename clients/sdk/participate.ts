import { vectorRootFast } from "@plenary/algorithms";
import {
  isMemberIn,
  type Member,
  type Round,
  readMember,
  readRound,
  roundAddress,
  updateKeyAt,
} from "@plenary/chain";
import {
  type AnswerSet,
  decodeEnvelope,
  deltaOf,
  ENDPOINTS,
  ENVELOPE_HEADER,
  equalBytes,
  fromBase64,
  fromHex,
  PlenaryError,
  type RoundView,
  SIGNATURE_HEADER,
  toBase58,
  toBase64,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import type { EngineName } from "@plenary/training";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { trainLocally } from "./local-training.ts";
import type { MemberStore, Outcome, RoundRecord } from "./member-store/index.ts";
import type { FederationContext } from "./open-federation.ts";
import type { ParticipationEvent, TrainedRound } from "./participation-events.ts";
import { type Waker, watchForChanges } from "./round-watch.ts";
import { encodeUpdate, signAgain, signUpdate, verifyReceipt } from "./update.ts";

export interface TrainOptions {
  /** Stop after this many rounds (void ones not counted); without end by default. */
  readonly rounds?: number | undefined;
  /** `native` by default; `wasm` gives the same bits on every machine. */
  readonly engine?: EngineName | undefined;
  /** One of the federation's codecs; its first by default. */
  readonly codec?: string | undefined;
  /** Milliseconds between looks when no event comes; 3,000 by default. */
  readonly pollInterval?: number | undefined;
  readonly onEvent?: ((event: ParticipationEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Who takes part: its membership, key, data and memory. */
export interface Participant {
  readonly context: FederationContext;
  readonly member: PublicKey;
  /** Holds the update-signing key. */
  readonly keypair: Keypair;
  readonly answers: AnswerSet;
  readonly store: MemberStore;
}

interface Session extends Participant {
  readonly options: TrainOptions;
  readonly waker: Waker;
  emit(event: ParticipationEvent): void;
}

/**
 * Takes part in every round until told to stop: waits for a round, downloads its base model and checks it against the Round account on
 * chain, trains, signs, uploads, checks the receipt, and waits for what becomes of the update. Yields each round when that is known. Ends
 * when the federation is complete. After a restart it goes on where the store says.
 */
export async function* participate(
  participant: Participant,
  options: TrainOptions = {},
): AsyncGenerator<TrainedRound> {
  const { context } = participant;
  const { signal, pollInterval } = options;
  const waker = watchForChanges(context.client, context.address.toBase58(), { signal, pollInterval });
  const emit = options.onEvent ?? (() => undefined);
  const session: Session = { ...participant, options, waker, emit };
  try {
    let counted = 0;
    while (options.rounds === undefined || counted < options.rounds) {
      const unsettled = await unsettledRecord(session);
      const round = unsettled === null ? await nextRound(session) : null;
      if (unsettled === null && round === null) return;
      const record = unsettled ?? (round === null ? null : await takePart(session, round));
      if (record === null) continue;
      const trained = await settle(session, record);
      if (trained.outcome !== "void") counted += 1;
      yield trained;
    }
  } finally {
    waker.stop();
  }
}

/** An update of an earlier run whose round has closed, and whose outcome is not known yet. */
async function unsettledRecord({ store, context, options }: Session): Promise<RoundRecord | null> {
  const latest = await store.latest();
  if (latest === null || latest.outcome !== null) return null;
  if (latest.receipt !== null) return latest;
  const round = await readRoundView(context, latest.round, options.signal);
  return round?.state === "collecting" ? null : latest;
}

/** The round that collects updates and still wants this member's; null when the federation is complete. */
async function nextRound(session: Session): Promise<RoundView | null> {
  const { context, store, waker, options, emit } = session;
  for (let waited = false; ; waited = true) {
    const { seen } = waker;
    const round = await readRoundView(context, "current", options.signal);
    if (round?.state === "collecting") {
      const record = await store.record(BigInt(round.number));
      if (record?.outcome == null && (await mayTakePart(session, BigInt(round.number)))) return round;
    } else if (round === null || ["final", "committed", "void"].includes(round.state)) {
      const { status } = await readFederationView(session);
      if (status === "complete") return null;
    }
    if (!waited) emit({ type: "waiting", for: "round" });
    await waker.after(seen);
  }
}

/** Whether the chain counts this member in the round. A member that joined while a round was open begins with the next. */
async function mayTakePart(session: Session, round: bigint): Promise<boolean> {
  const member = await requireMember(session);
  if (member.exitRound !== 0n && round >= member.exitRound)
    throw new PlenaryError(
      "member-inactive",
      `This member has left the federation from round ${member.exitRound} on.`,
      {
        exitRound: member.exitRound.toString(),
      },
    );
  if (!isMemberIn(member, round)) return false;
  const key = updateKeyAt(member, round);
  if (!key.equals(session.keypair.publicKey))
    throw new PlenaryError(
      "signature-invalid",
      `Updates of round ${round} are signed with ${key.toBase58()}, and this is ${session.keypair.publicKey.toBase58()}: use the key on chain.`,
      { expected: key.toBase58(), actual: session.keypair.publicKey.toBase58() },
    );
  return true;
}

async function requireMember({ context, member }: Session): Promise<Member> {
  const account = await readMember(context.connection, member);
  if (account !== null) return account;
  throw new PlenaryError("member-unknown", `There is no member ${member.toBase58()} on chain: join first.`, {
    member: member.toBase58(),
  });
}

/** Brings a round to its receipt. Null if it closed before there was anything to record. */
async function takePart(session: Session, view: RoundView): Promise<RoundRecord | null> {
  const number = BigInt(view.number);
  const round = await readOpenRound(session, number);
  if (round === null) return null;
  const { store, emit } = session;
  const stored = await store.record(number);
  const reused = stored ?? (await renewVoided(session, round));
  emit({ type: "round-started", round: number, resumed: reused !== null });
  const record = reused ?? (await train(session, view, round));
  return record.receipt === null ? upload(session, record, round) : record;
}

/** The Round account, checked against the configuration that this member joined under; null unless it is open. */
async function readOpenRound({ context }: Session, number: bigint): Promise<Round | null> {
  const round = await readRound(context.connection, roundAddress(context.program, context.address, number));
  if (round?.status !== "open") return null;
  if (!equalBytes(round.configurationHash, context.configurationHash))
    throw new PlenaryError(
      "configuration-mismatch",
      `Round ${number} runs under another configuration than the one that was opened: open the federation again and read what changed.`,
      { expected: toHex(context.configurationHash), actual: toHex(round.configurationHash) },
    );
  return round;
}

/** After a void the next round has the same base: the update that was trained for it is signed anew. */
async function renewVoided(session: Session, round: Round): Promise<RoundRecord | null> {
  const { store, keypair } = session;
  const last = await store.latest();
  if (last === null || last.outcome === "counted" || last.outcome === "refused") return null;
  if (last.baseRoot !== toHex(round.baseRoot)) return null;
  const payload = await store.payload(last);
  if (payload === null) return null;
  const sequence = await nextSequence(session, round.number);
  const signed = signAgain(decodeEnvelope(fromBase64(last.envelope)), round.number, sequence, keypair);
  return store.prepare({
    record: {
      ...partsOf(last),
      round: round.number.toString(),
      sequence: sequence.toString(),
      envelope: toBase64(signed.message),
      signature: toBase64(signed.signature),
    },
    payload,
    optimizerState: await store.optimizerState(last),
  });
}

function partsOf({ baseRoot, weight, loss }: RoundRecord): Pick<RoundRecord, "baseRoot" | "weight" | "loss"> {
  return { baseRoot, weight, loss };
}

/** Trains on the round's base model and stores the signed update before anything is sent. */
async function train(session: Session, view: RoundView, round: Round): Promise<RoundRecord> {
  const { context, store, answers, options, emit } = session;
  const base = await downloadBase(session, view, round);
  const last = await store.latest();
  const result = await trainLocally({
    context,
    base,
    answers,
    round: Number(round.number),
    seed: store.seed,
    engine: options.engine ?? "native",
    optimizerState: last === null ? undefined : await store.optimizerState(last),
    onProgress: (progress) => emit({ type: "training", round: round.number, ...progress }),
    signal: options.signal,
  });
  const update = encodeUpdate(context, deltaOf(base, result.after), options.codec);
  const weight = Math.min(result.weight, round.maxWeight);
  const sequence = await nextSequence(session, round.number);
  const subject = { context, round, member: session.member, sequence, weight };
  const signed = signUpdate(subject, update, session.keypair);
  return store.prepare({
    record: {
      round: round.number.toString(),
      sequence: sequence.toString(),
      baseRoot: toHex(round.baseRoot),
      envelope: toBase64(signed.message),
      signature: toBase64(signed.signature),
      weight,
      loss: result.loss,
    },
    payload: update.payload,
    optimizerState: result.optimizerState,
  });
}

/** The base model, with the root that stands on chain: a service cannot show different members different models. */
async function downloadBase(session: Session, view: RoundView, round: Round): Promise<Int32Array> {
  const { context, options, emit } = session;
  const bytes = await context.client.download(fromHex(view.baseBlob, 32), {
    signal: options.signal,
    onProgress: (progress) => emit({ type: "downloading", round: round.number, ...progress }),
  });
  const base = vectorFromBytes(bytes);
  const root = vectorRootFast(base);
  if (equalBytes(root, round.baseRoot)) return base;
  throw new PlenaryError(
    "verification-failed",
    `The service's model for round ${round.number} is not the one whose root stands on chain. Nothing was trained; do not trust this service.`,
    { expected: toHex(round.baseRoot), actual: toHex(root) },
  );
}

/**
 * A sequence that this member cannot have used in the round: above the store's, and above what the service holds in case the store was
 * lost. Two envelopes with one sequence would cost the stake.
 */
async function nextSequence({ context, member, store, options }: Session, round: bigint): Promise<bigint> {
  const stored = await store.record(round);
  const known = await readUpdate(context, round, member, options.signal);
  const last = [stored?.sequence ?? "0", known?.update.sequence ?? "0"].map(BigInt);
  return last.reduce((a, b) => (a > b ? a : b)) + 1n;
}

/** Codes with which the service says that the round is over for this update. */
const TOO_LATE = new Set(["round-closed", "wrong-round", "base-stale"]);

async function upload(session: Session, record: RoundRecord, round: Round): Promise<RoundRecord> {
  const { context, store, options, emit } = session;
  const message = fromBase64(record.envelope);
  const envelope = decodeEnvelope(message);
  const payload = await store.payload(record);
  if (payload === null)
    throw new PlenaryError(
      "file-unreadable",
      `The payload for round ${record.round} is missing from the state folder.`,
      {
        round: record.round,
      },
    );
  const { signal } = options;
  try {
    const receipt = await context.client.call(ENDPOINTS.updateSubmit, {
      params: { federation: context.address.toBase58(), round: record.round },
      body: payload,
      headers: { [ENVELOPE_HEADER]: record.envelope, [SIGNATURE_HEADER]: record.signature },
      onProgress: (progress) => emit({ type: "uploading", round: round.number, ...progress }),
      signal,
    });
    verifyReceipt(receipt, envelope, message, round.aggregator);
    const { aggregator } = receipt;
    const { signature } = receipt;
    emit({
      type: "uploaded",
      round: round.number,
      sequence: envelope.sequence,
      weight: record.weight,
      envelopeHash: receipt.envelopeHash,
      receipt: receipt.receipt,
      signature,
    });
    return await store.acknowledge(round.number, { receipt: receipt.receipt, signature, aggregator });
  } catch (error) {
    if (error instanceof PlenaryError && TOO_LATE.has(error.code)) return record;
    throw error;
  }
}

/** Waits until it is known what became of an update, and stores it. */
async function settle(session: Session, record: RoundRecord): Promise<TrainedRound> {
  const { store, waker, emit } = session;
  for (let waited = false; ; waited = true) {
    const { seen } = waker;
    const found = await outcomeOf(session, record);
    if (found !== null) {
      const { outcome, reason } = found;
      const round = BigInt(record.round);
      await store.settle(round, outcome);
      emit({ type: "settled", round, outcome, reason });
      const { weight, loss } = record;
      return { number: round, outcome, reason, weight, loss, sequence: BigInt(record.sequence) };
    }
    if (!waited) emit({ type: "waiting", for: "outcome" });
    await waker.after(seen);
  }
}

async function outcomeOf(
  { context, member, options }: Session,
  record: RoundRecord,
): Promise<{ outcome: Outcome; reason: string | null } | null> {
  const round = await readRoundView(context, record.round, options.signal);
  if (round === null) return null;
  if (round.state === "void")
    return { outcome: "void", reason: "The round was void: too few updates, or none committed in time." };
  const isDone = round.state === "committed" || round.state === "final";
  if (record.receipt === null)
    return round.state === "collecting"
      ? null
      : { outcome: "missed", reason: "The round closed before the update had a receipt." };
  if (!isDone) return null;
  const known = await readUpdate(context, BigInt(record.round), member, options.signal);
  if (known === null)
    return { outcome: "missed", reason: "The service has lost an update that it gave a receipt for." };
  const { state, reason } = known.update;
  return state === "counted"
    ? { outcome: "counted", reason: null }
    : { outcome: "refused", reason: reason?.text ?? `The service calls it ${state}.` };
}

function readFederationView({ context, options }: Session) {
  return context.client.call(ENDPOINTS.federationRead, {
    params: { federation: context.address.toBase58() },
    signal: options.signal,
  });
}

/** A round by number or "current"; null before there is one. */
async function readRoundView(
  context: FederationContext,
  round: string,
  signal: AbortSignal | undefined,
): Promise<RoundView | null> {
  const params = { federation: context.address.toBase58(), round };
  return context.client.call(ENDPOINTS.roundRead, { params, signal }).catch(nullIfNotFound);
}

async function readUpdate(
  context: FederationContext,
  round: bigint,
  member: PublicKey,
  signal: AbortSignal | undefined,
) {
  const params = {
    federation: context.address.toBase58(),
    round: round.toString(),
    member: toBase58(member.toBytes()),
  };
  return context.client.call(ENDPOINTS.updateRead, { params, signal }).catch(nullIfNotFound);
}

function nullIfNotFound(error: unknown): null {
  if (error instanceof PlenaryError && error.code === "not-found") return null;
  throw error;
}
