import { isOutage } from "@plenary/service";
import type { Keypair } from "@solana/web3.js";
import { disputeFinding } from "../disputes/index.ts";
import type { RoundVerification } from "../verification/index.ts";
import { isEnded, persistently, remember, type Watch } from "./watch-run.ts";
import type { WatchedDispute, WatchedOutcome } from "./watch-state.ts";

/** The dispute that a verification calls for; null if nothing can be disputed. */
export function disputeOf({ round, provable }: RoundVerification): WatchedDispute | null {
  if (provable === null || provable.kind === "not-provable") return null;
  const { text: _, ...proof } = provable;
  return { round: round.toString(), proof, outcome: null };
}

/**
 * Runs beside the watch and ends with an outcome in the record. An interrupted dispute continues at
 * the next start.
 */
export function startDispute(watch: Watch, dispute: WatchedDispute): void {
  const { options, disputes } = watch;
  const { challenger } = options;
  if (challenger === undefined || disputes.has(dispute.round)) return;
  const running = persistently(watch, () => pursue(watch, dispute, challenger)).then(
    () => undefined,
  );
  disputes.set(dispute.round, running);
  running.finally(() => disputes.delete(dispute.round)).catch(() => undefined);
}

const OUTCOMES = { upheld: "won", rejected: "lost", moot: "moot" } as const;

async function pursue(watch: Watch, dispute: WatchedDispute, challenger: Keypair): Promise<void> {
  const { verifier, options, emit } = watch;
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
    if (isEnded(options) || isOutage(error)) throw error;
    ended = { outcome: "failed", message: error instanceof Error ? error.message : String(error) };
  }
  await remember(watch, (record) => ({
    disputes: record.disputes.map((known) =>
      known.round === dispute.round ? { ...known, outcome: ended.outcome } : known,
    ),
  }));
  emit({ type: "dispute-ended", round, ...ended });
}
