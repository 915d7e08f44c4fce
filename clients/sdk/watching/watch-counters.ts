import type { WatchedOutcome, WatchRecord } from "./watch-state.ts";

/** Counters of one process. What must survive a restart is in the record. */
export interface WatchCounters {
  /** Rounds that were recomputed. */
  verified: number;
  wrong: number;
  /** Rounds that could not be recomputed. */
  failed: number;
  /** Times that the chain or the source of the bytes did not answer. */
  retries: number;
  verificationSeconds: number;
}

export function newCounters(): WatchCounters {
  return { verified: 0, wrong: 0, failed: 0, retries: 0, verificationSeconds: 0 };
}

/** The state of a watch, in numbers. */
export interface WatchStanding extends Readonly<WatchCounters> {
  /** 0 before the first round. */
  readonly lastRound: number;
  /** Rounds whose bytes are kept, because they can still be disputed. */
  readonly roundsKept: number;
  /** Rounds that call for a dispute which has not ended. */
  readonly disputesOpen: number;
  /** Disputes that have ended since the state folder was made, by outcome. */
  readonly disputesEnded: Readonly<Record<WatchedOutcome, number>>;
}

export function standingOf(counters: WatchCounters, record: WatchRecord): WatchStanding {
  const count = (outcome: WatchedOutcome | null) =>
    record.disputes.filter((dispute) => dispute.outcome === outcome).length;
  return {
    ...counters,
    lastRound: Math.max(0, Number(record.next) - 1),
    roundsKept: record.kept?.length ?? 0,
    disputesOpen: count(null),
    disputesEnded: {
      won: count("won"),
      lost: count("lost"),
      moot: count("moot"),
      failed: count("failed"),
    },
  };
}
