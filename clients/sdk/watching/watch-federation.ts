import { readRound, roundAddress } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { disputeFinding } from "../disputes/index.ts";
import { requireFederation } from "../federation-account.ts";
import { isRetryable, pause } from "../retry.ts";
import { type RoundVerification, type Verifier, verifyRound } from "../verification/index.ts";
import type { WatchEvent } from "./watch-events.ts";
import { metricsText, newCounters, type WatchCounters } from "./watch-metrics.ts";
import { openWatchState, type WatchedDispute, type WatchedOutcome, type WatchState } from "./watch-state.ts";

export interface WatchOptions {
  /** Folder in which the watch remembers what it has seen: after a restart it goes on there. */
  readonly state: string;
  /** First round to look at, when the folder is new; by default the oldest whose challenge window still runs. */
  readonly from?: bigint | undefined;
  /** Disputes what is found wrong and provable: pays deposits and fees, and is paid. Without it the watch only looks. */
  readonly challenger?: Keypair | undefined;
  /** Milliseconds between looks at the chain; 2,000 by default. */
  readonly pollInterval?: number | undefined;
  readonly onEvent?: ((event: WatchEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A watch that runs. */
export interface FederationWatch {
  /** Prometheus' text format. */
  metrics(): string;
  /** Resolves when the signal ends the watch, and when what was going on is put away. Rejects if the state cannot be kept. */
  readonly done: Promise<void>;
}

const POLL_MILLISECONDS = 2_000;
/** How often bytes must be missing before they count as withheld: a mirror may lag, and a dispute costs a deposit. */
const LOOKS_FOR_WITHHELD = 3;

interface Watch {
  readonly verifier: Verifier;
  readonly options: WatchOptions;
  readonly state: WatchState;
  readonly counters: WatchCounters;
  /** Those that go on, by round. */
  readonly disputes: Map<string, Promise<void>>;
  emit(event: WatchEvent): void;
}

/**
 * Follows a federation by its accounts on chain and verifies every round that is committed, in order. Remembers durably where it is, so that
 * a process that is killed at any moment goes on. Outlasts outages of chain and source. Throws as openWatchState does.
 */
export async function watchFederation(verifier: Verifier, options: WatchOptions): Promise<FederationWatch> {
  const state = await openWatchState(options.state, verifier);
  const counters = newCounters();
  const watch: Watch = {
    verifier,
    options,
    state,
    counters,
    disputes: new Map(),
    emit: (event) => options.onEvent?.(event),
  };
  const done = follow(watch).finally(() => state.close());
  return { metrics: () => metricsText(counters, state.record), done };
}

async function follow(watch: Watch): Promise<void> {
  const { options, state, verifier, emit } = watch;
  await persistently(watch, () => chooseStart(watch));
  for (const dispute of state.record.disputes) if (dispute.outcome === null) startDispute(watch, dispute);
  emit({
    type: "watching",
    federation: verifier.address.toBase58(),
    from: BigInt(state.record.next),
  });
  while (!isEnded(options)) {
    const moved = await persistently(watch, () => lookAtNext(watch));
    if (moved !== true) await rest(watch);
  }
  await Promise.all(watch.disputes.values());
}

function isEnded({ signal }: WatchOptions): boolean {
  return signal?.aborted === true;
}

/** Runs a step again and again while chain or source do not answer; undefined when the watch ends meanwhile. */
async function persistently<T>(watch: Watch, step: () => Promise<T>): Promise<T | undefined> {
  const { options, counters, emit } = watch;
  while (!isEnded(options)) {
    try {
      return await step();
    } catch (error) {
      if (isEnded(options)) return undefined;
      if (!isRetryable(error)) throw error;
      counters.retries += 1;
      emit({ type: "retrying", message: error.message });
      await rest(watch);
    }
  }
  return undefined;
}

function rest({ options }: Watch): Promise<void> {
  return pause(options.pollInterval ?? POLL_MILLISECONDS, options.signal).catch(() => undefined);
}

async function chooseStart({ state, options, verifier }: Watch): Promise<void> {
  if (!state.isNew) return;
  const { pending, nextRound, openRound } = await requireFederation(verifier);
  const [oldest] = pending;
  const next = options.from ?? oldest ?? (openRound === 0n ? nextRound : openRound);
  await state.change(() => ({ next: next.toString() }));
}

/** Looks at the next round; true if it is done with. */
async function lookAtNext(watch: Watch): Promise<boolean> {
  const { verifier, state } = watch;
  const number = BigInt(state.record.next);
  const { nextRound } = await requireFederation(verifier);
  if (number >= nextRound) return false;
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

async function advance({ state }: Watch, round: bigint): Promise<void> {
  await state.change(() => ({ next: (round + 1n).toString() }));
}

async function verifyNext(watch: Watch, round: bigint): Promise<boolean> {
  const { counters, emit, state } = watch;
  const began = performance.now();
  let verification: RoundVerification;
  try {
    verification = await verifyConfirmed(watch, round);
  } catch (error) {
    if (isEnded(watch.options) || isRetryable(error)) throw error;
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
  const dispute = disputeOf(watch, verification);
  await state.change((record) => ({
    next: (round + 1n).toString(),
    verified: record.verified + 1,
    wrong: verification.valid ? record.wrong : [...record.wrong, round.toString()],
    disputes: dispute === null ? record.disputes : [...record.disputes, dispute],
  }));
  emit({ type: "round-verified", round, verification, seconds });
  if (dispute !== null) startDispute(watch, dispute);
  return true;
}

/** The dispute that a verification calls for; null without a challenger, or where nothing is provable. */
function disputeOf({ options }: Watch, { round, provable }: RoundVerification): WatchedDispute | null {
  if (options.challenger === undefined || provable === null || provable.kind === "not-provable") return null;
  const { text: _, ...proof } = provable;
  return { round: round.toString(), proof, outcome: null };
}

/** Runs beside the watch, and ends with an outcome in the record; what is interrupted goes on with the next start. */
function startDispute(watch: Watch, dispute: WatchedDispute): void {
  const { options, disputes } = watch;
  const { challenger } = options;
  if (challenger === undefined || disputes.has(dispute.round)) return;
  const running = persistently(watch, () => pursue(watch, dispute, challenger)).then(() => undefined);
  disputes.set(dispute.round, running);
  running.finally(() => disputes.delete(dispute.round)).catch(() => undefined);
}

const OUTCOMES = { upheld: "won", rejected: "lost", moot: "moot" } as const;

async function pursue(watch: Watch, dispute: WatchedDispute, challenger: Keypair): Promise<void> {
  const { verifier, options, emit, state } = watch;
  const round = BigInt(dispute.round);
  let ended: { outcome: WatchedOutcome; message: string };
  try {
    const { verdict, fault } = await disputeFinding(verifier, {
      challenger,
      round,
      proof: dispute.proof,
      signal: options.signal,
      pollInterval: options.pollInterval,
      onEvent: (event) => emit({ type: "disputing", round, event }),
    });
    ended = { outcome: OUTCOMES[verdict], message: fault };
  } catch (error) {
    if (isEnded(options) || isRetryable(error)) throw error;
    ended = { outcome: "failed", message: error instanceof Error ? error.message : String(error) };
  }
  await state.change((record) => ({
    disputes: record.disputes.map((known) =>
      known.round === dispute.round ? { ...known, outcome: ended.outcome } : known,
    ),
  }));
  emit({ type: "dispute-ended", round, ...ended });
}

/** Verifies a round; what seems withheld is looked for again before it is believed. */
async function verifyConfirmed(watch: Watch, round: bigint): Promise<RoundVerification> {
  const { verifier, options, emit } = watch;
  for (let look = 1; ; look += 1) {
    const verification = await verifyRound(verifier, round, {
      signal: options.signal,
      onProgress: (progress) => emit({ type: "verifying", round, progress }),
    });
    if (verification.finding?.kind !== "withheld" || look === LOOKS_FOR_WITHHELD) return verification;
    await rest(watch);
    options.signal?.throwIfAborted();
  }
}
