import {
  applyPipeline,
  createPipeline,
  initPipeline,
  type PipelineOutput,
  signEnvelope,
  signUpdate,
  vectorRootFast,
} from "@plenary/algorithms";
import { type Round, readRound, roundAddress } from "@plenary/chain";
import {
  decodeEnvelope,
  deltaOf,
  ENDPOINTS,
  ENVELOPE_HEADER,
  equalBytes,
  fromBase64,
  fromHex,
  PlenaryError,
  type ReceiptView,
  type RoundView,
  SIGNATURE_HEADER,
  toBase64,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { readUpdate } from "../access/index.ts";
import { isDecided, type RoundRecord } from "../member-store/index.ts";
import type { ParticipationSession } from "./participation.ts";
import { verifyReceipt } from "./receipt.ts";
import { trainForRound } from "./train-for-round.ts";

/**
 * Brings a round to its receipt, signing with `keypair`. Null if it closed before there was
 * anything to record.
 */
export async function takePart(
  session: ParticipationSession,
  view: RoundView,
  keypair: Keypair,
): Promise<RoundRecord | null> {
  const number = BigInt(view.number);
  const round = await readOpenRound(session, number);
  if (round === null) return null;
  const { store, emit } = session;
  const stored = await store.record(number);
  if (stored === null) await settleDropped(session, round);
  const reused = stored ?? (await renewVoided(session, round, keypair));
  emit({ type: "round-started", round: number, resumed: reused !== null });
  const record = reused ?? (await train(session, view, round, keypair));
  return record.receipt === null ? upload(session, record, round) : record;
}

/**
 * The Round account, checked against the configuration that this member joined under; null unless
 * it is open.
 */
async function readOpenRound(
  { context }: ParticipationSession,
  number: bigint,
): Promise<Round | null> {
  const round = await readRound(
    context.connection,
    roundAddress(context.program, context.address, number),
  );
  if (round?.status !== "open") return null;
  if (!equalBytes(round.configurationHash, context.configurationHash))
    throw new PlenaryError(
      "configuration-mismatch",
      `Round ${number} runs under another configuration than the one that was opened: open the federation again and read what changed.`,
      { expected: toHex(context.configurationHash), actual: toHex(round.configurationHash) },
    );
  return round;
}

/**
 * Settles as void the updates whose committed rounds the chain has dropped since. An open round
 * builds on the newest round that stands, so every round after its base was dropped. Where this
 * member was away meanwhile, the round of its last counted update may also be void below the base.
 */
async function settleDropped(
  { context, store }: ParticipationSession,
  { baseRound }: Round,
): Promise<void> {
  await store.voidAfter(baseRound);
  for (;;) {
    const last = await store.lastCounted();
    if (last === null || BigInt(last.round) === baseRound) return;
    const number = BigInt(last.round);
    const round = await readRound(
      context.connection,
      roundAddress(context.program, context.address, number),
    );
    if (round?.status !== "void") return;
    await store.settle(number, "void");
  }
}

/**
 * After a void, the next round has the base of the void one, even if that was committed before. The
 * update that was trained for it is signed again.
 */
async function renewVoided(
  session: ParticipationSession,
  round: Round,
  keypair: Keypair,
): Promise<RoundRecord | null> {
  const { store } = session;
  const last = await store.onBase(toHex(round.baseRoot));
  if (last === null || isDecided(last)) return null;
  const payload = await store.payload(last);
  if (payload === null) return null;
  const sequence = await nextSequence(session, round.number);
  const envelope = decodeEnvelope(fromBase64(last.envelope));
  const signed = signEnvelope({ ...envelope, round: round.number, sequence }, keypair.secretKey);
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
    pipelineState: await store.pipelineState(last),
    training: await store.training(last),
  });
}

function partsOf({
  baseRoot,
  weight,
  loss,
}: RoundRecord): Pick<RoundRecord, "baseRoot" | "weight" | "loss"> {
  return { baseRoot, weight, loss };
}

/** Trains on the round's base model and stores the signed update before anything is sent. */
async function train(
  session: ParticipationSession,
  view: RoundView,
  round: Round,
  keypair: Keypair,
): Promise<RoundRecord> {
  const { context, store } = session;
  const base = await downloadBase(session, view, round);
  const { result, checkpointRoot, kept } = await trainForRound(session, view, base);
  const update = await throughPipeline(session, deltaOf(base, result.after));
  const weight = Math.min(result.weight, round.maxWeight);
  const sequence = await nextSequence(session, round.number);
  const signed = signUpdate(
    {
      genesisHash: context.genesisHash,
      programId: context.program.toBytes(),
      federation: context.address.toBytes(),
      round: round.number,
      member: session.member.toBytes(),
      baseRoot: round.baseRoot,
      sequence,
      weight,
      checkpointRoot,
    },
    update,
    keypair.secretKey,
  );
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
    // Where training is audited, optimiser and pipeline start each round with a new state.
    optimizerState: kept === undefined ? result.optimizerState : undefined,
    pipelineState: kept === undefined ? update.state : undefined,
    training: kept,
  });
}

/** Clips and compresses a trained update, from the states that the last counted one left. */
async function throughPipeline(
  { context, store, options }: ParticipationSession,
  delta: Int32Array,
): Promise<PipelineOutput> {
  const pipeline = createPipeline(context.configuration, options.codec, context.registries);
  const isAudited = context.configuration.audits !== undefined;
  const last = isAudited ? null : await store.lastCounted();
  const state = last === null ? undefined : await store.pipelineState(last);
  return applyPipeline(pipeline, delta, state ?? initPipeline(pipeline, delta.length));
}

/**
 * The base model, checked against the root on chain: a service cannot show different members
 * different models.
 */
async function downloadBase(
  session: ParticipationSession,
  view: RoundView,
  round: Round,
): Promise<Int32Array> {
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
    `The service's model for round ${round.number} is not the one whose root is recorded on chain. Nothing was trained; do not trust this service.`,
    { expected: toHex(round.baseRoot), actual: toHex(root) },
  );
}

/**
 * A sequence that this member cannot have used in the round: above the store's, and above the
 * service's in case the store was lost. Two envelopes with one sequence would cost the stake.
 */
async function nextSequence(
  { context, member, store, options }: ParticipationSession,
  round: bigint,
): Promise<bigint> {
  const stored = await store.record(round);
  const known = await readUpdate(context, round, member, options.signal);
  const last = [stored?.sequence ?? "0", known?.update.sequence ?? "0"].map(BigInt);
  return last.reduce((a, b) => (a > b ? a : b)) + 1n;
}

/** Codes of the service's answer when the round is over for this update. */
const TOO_LATE = new Set(["round-closed", "wrong-round", "base-stale"]);

async function upload(
  session: ParticipationSession,
  record: RoundRecord,
  round: Round,
): Promise<RoundRecord> {
  const { context, store, options, emit } = session;
  const payload = await store.payload(record);
  if (payload === null)
    throw new PlenaryError(
      "file-unreadable",
      `The payload for round ${record.round} is missing from the state folder: restore it, or wait for the next round.`,
      { round: record.round },
    );
  try {
    const receipt = await context.client.call(ENDPOINTS.updateSubmit, {
      params: { federation: context.address.toBase58(), round: record.round },
      body: payload,
      headers: { [ENVELOPE_HEADER]: record.envelope, [SIGNATURE_HEADER]: record.signature },
      onProgress: (progress) => emit({ type: "uploading", round: round.number, ...progress }),
      signal: options.signal,
    });
    return await keepReceipt(session, record, round, receipt);
  } catch (error) {
    if (error instanceof PlenaryError && TOO_LATE.has(error.code)) return record;
    throw error;
  }
}

async function keepReceipt(
  { store, emit }: ParticipationSession,
  record: RoundRecord,
  round: Round,
  view: ReceiptView,
): Promise<RoundRecord> {
  const message = fromBase64(record.envelope);
  const envelope = decodeEnvelope(message);
  verifyReceipt(view, envelope, message, round.aggregator);
  const { receipt, signature, aggregator, envelopeHash } = view;
  const acknowledged = await store.acknowledge(round.number, { receipt, signature, aggregator });
  const { sequence } = envelope;
  const { weight } = record;
  emit({
    type: "uploaded",
    round: round.number,
    sequence,
    weight,
    envelopeHash,
    receipt,
    signature,
  });
  return acknowledged;
}
