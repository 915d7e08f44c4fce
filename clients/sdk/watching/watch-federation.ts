import { readRound, roundAddress } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { isOutage } from "@plenary/service";
import { requireFederation } from "../chain-state/index.ts";
import { type RoundVerification, type Verifier, verifyRound } from "../verification/index.ts";
import { dropSettled, keepRest } from "./keep-round.ts";
import { KeptBlobs } from "./kept-blobs.ts";
import { newCounters, standingOf, type WatchStanding } from "./watch-counters.ts";
import { disputeOf, startDispute } from "./watch-disputes.ts";
import type { WatchEvent } from "./watch-events.ts";
import {
  isEnded,
  persistently,
  remember,
  rest,
  type Watch,
  type WatchOptions,
} from "./watch-run.ts";
import { keptFolder, openWatchState, type WatchRecord, type WatchState } from "./watch-state.ts";

/** A running watch. */
export interface FederationWatch {
  /** The state of the watch at this moment. */
  standing(): WatchStanding;
  /**
   * Resolves when the signal has ended the watch and its disputes are put away. Rejects if the
   * state cannot be kept.
   */
  readonly done: Promise<void>;
}

/**
 * How often bytes must be missing before they count as withheld: a mirror may lag, and a dispute
 * costs a deposit.
 */
const LOOKS_FOR_WITHHELD = 3;

/**
 * Follows a federation by its accounts on chain and verifies every committed round, in order. Its
 * position is durable, so a process that was killed at any moment continues there. It outlasts
 * outages of chain and source. Throws the errors of `openWatchState`.
 */
export async function watchFederation(
  verifier: Verifier,
  options: WatchOptions,
): Promise<FederationWatch> {
  const emit = (event: WatchEvent) => options.onEvent?.(event);
  const state = await openWatchState(options.state, verifier);
  const blobs = await openKept(verifier, options, state).catch(async (error: unknown) => {
    await state.close();
    throw error;
  });
  const counters = newCounters();
  const watch: Watch = {
    verifier: { ...verifier, blobs },
    options,
    state,
    counters,
    disputes: new Map(),
    emit,
  };
  const done = follow(watch).finally(() => state.close());
  return { standing: () => standingOf(counters, state.record), done };
}

function openKept(
  { blobs }: Verifier,
  { state: folder, onEvent }: WatchOptions,
  { record }: WatchState,
) {
  return KeptBlobs.open({
    folder: keptFolder(folder),
    source: blobs,
    known: new Set(record.kept?.flatMap((round) => round.blobs)),
    onFailure: ({ message }) => onEvent?.({ type: "not-kept", message }),
  });
}

async function follow(watch: Watch): Promise<void> {
  const { options, state, verifier, emit } = watch;
  await persistently(watch, () => chooseStart(watch));
  for (const dispute of state.record.disputes)
    if (dispute.outcome === null) startDispute(watch, dispute);
  const federation = await persistently(watch, () => requireFederation(verifier));
  if (federation !== undefined)
    emit({
      type: "watching",
      federation: verifier.address.toBase58(),
      from: BigInt(state.record.next),
      rules: federation.rules,
    });
  while (!isEnded(options)) {
    const moved = await persistently(watch, () => lookAtNext(watch));
    if (moved !== true) await rest(watch);
  }
  await Promise.all(watch.disputes.values());
}

async function chooseStart(watch: Watch): Promise<void> {
  const { state, options, verifier } = watch;
  if (!state.isNew) return;
  const { pending, nextRound, openRound } = await requireFederation(verifier);
  const [oldest] = pending;
  const next = options.from ?? oldest ?? (openRound === 0n ? nextRound : openRound);
  await remember(watch, () => ({ next: next.toString() }));
}

/** Processes the next round. True if it is done. */
async function lookAtNext(watch: Watch): Promise<boolean> {
  const { verifier, state } = watch;
  const number = BigInt(state.record.next);
  const federation = await requireFederation(verifier);
  await dropSettled(watch, federation);
  if (number >= federation.nextRound) return false;
  const round = await readRound(
    verifier.connection,
    roundAddress(verifier.program, verifier.address, number),
  );
  if (round === null) return pass(watch, number, "its account was closed");
  if (round.status === "void") return pass(watch, number, "it is void");
  if (round.status === "open") return false;
  return verifyNext(watch, number);
}

async function pass(watch: Watch, round: bigint, why: string): Promise<true> {
  await advance(watch, round);
  watch.emit({ type: "round-passed", round, why });
  return true;
}

async function advance(
  watch: Watch,
  round: bigint,
  part: (record: WatchRecord) => Partial<WatchRecord> = () => ({}),
): Promise<void> {
  const blobs = watch.verifier.blobs.claim();
  await remember(watch, (record) => ({
    ...part(record),
    next: (round + 1n).toString(),
    kept: [
      ...(record.kept ?? []),
      ...(blobs.length > 0 ? [{ round: round.toString(), blobs }] : []),
    ],
  }));
}

async function verifyNext(watch: Watch, round: bigint): Promise<boolean> {
  const { counters, emit } = watch;
  const began = performance.now();
  let verification: RoundVerification;
  try {
    verification = await verifyConfirmed(watch, round);
  } catch (error) {
    if (isEnded(watch.options) || isOutage(error)) throw error;
    if (error instanceof PlenaryError && error.code === "not-found") return false;
    counters.failed += 1;
    const message = error instanceof Error ? error.message : String(error);
    await advance(watch, round);
    emit({ type: "round-failed", round, message });
    return true;
  }
  const seconds = (performance.now() - began) / 1000;
  counters.verified += 1;
  counters.verificationSeconds += seconds;
  if (!verification.valid) counters.wrong += 1;
  await keepRest(watch, round);
  const dispute = disputeOf(verification);
  await advance(watch, round, (record) => ({
    verified: record.verified + 1,
    wrong: verification.valid ? record.wrong : [...record.wrong, round.toString()],
    disputes: dispute === null ? record.disputes : [...record.disputes, dispute],
  }));
  emit({ type: "round-verified", round, verification, seconds });
  if (dispute !== null) startDispute(watch, dispute);
  return true;
}

/** Verifies a round. Bytes that seem withheld are looked for again before that is believed. */
async function verifyConfirmed(watch: Watch, round: bigint): Promise<RoundVerification> {
  const { options, emit } = watch;
  const verifier = { ...watch.verifier, blobs: watch.verifier.blobs.claiming };
  for (let look = 1; ; look += 1) {
    const verification = await verifyRound(verifier, round, {
      signal: options.signal,
      onProgress: (progress) => emit({ type: "verifying", round, progress }),
    });
    if (verification.finding?.kind !== "withheld" || look === LOOKS_FOR_WITHHELD)
      return verification;
    await rest(watch);
    options.signal?.throwIfAborted();
  }
}
