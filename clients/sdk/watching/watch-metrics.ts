import type { WatchRecord } from "./watch-state.ts";

/** Counters of one process; what must survive a restart stands in the record. */
export interface WatchCounters {
  verified: number;
  wrong: number;
  failed: number;
  retries: number;
  verificationSeconds: number;
}

export function newCounters(): WatchCounters {
  return { verified: 0, wrong: 0, failed: 0, retries: 0, verificationSeconds: 0 };
}

/** Prometheus' text exposition format, version 0.0.4. */
export function metricsText(counters: WatchCounters, record: WatchRecord): string {
  const of = (outcome: WatchRecord["disputes"][number]["outcome"]) =>
    record.disputes.filter((dispute) => dispute.outcome === outcome).length;
  const next = BigInt(record.next);
  const families: readonly (readonly [string, "counter" | "gauge", string, readonly string[]])[] = [
    [
      "plenary_watch_rounds_verified_total",
      "counter",
      "Rounds computed anew.",
      [` ${counters.verified}`],
    ],
    ["plenary_watch_rounds_wrong_total", "counter", "Rounds found wrong.", [` ${counters.wrong}`]],
    [
      "plenary_watch_rounds_failed_total",
      "counter",
      "Rounds that could not be computed.",
      [` ${counters.failed}`],
    ],
    [
      "plenary_watch_retries_total",
      "counter",
      "Times that chain or source did not answer.",
      [` ${counters.retries}`],
    ],
    [
      "plenary_watch_verification_seconds_total",
      "counter",
      "Time spent computing rounds; divided by the rounds, the time of one.",
      [` ${counters.verificationSeconds}`],
    ],
    [
      "plenary_watch_last_round",
      "gauge",
      "Number of the last round looked at.",
      [` ${next > 0n ? next - 1n : 0n}`],
    ],
    [
      "plenary_watch_disputes_open",
      "gauge",
      "Rounds that call for a dispute which has not ended.",
      [` ${of(null)}`],
    ],
    [
      "plenary_watch_rounds_kept",
      "gauge",
      "Rounds whose bytes are kept, because they can still be disputed.",
      [` ${record.kept?.length ?? 0}`],
    ],
    [
      "plenary_watch_disputes_total",
      "counter",
      "Disputes that have ended, since the state folder was made.",
      (["won", "lost", "moot", "failed"] as const).map(
        (outcome) => `{outcome="${outcome}"} ${of(outcome)}`,
      ),
    ],
  ];
  return families
    .map(([name, type, help, samples]) =>
      [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        ...samples.map((sample) => name + sample),
      ].join("\n"),
    )
    .join("\n")
    .concat("\n");
}
