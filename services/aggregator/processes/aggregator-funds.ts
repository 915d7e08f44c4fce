import type { Gauge } from "prom-client";
import type { Context } from "../rounds/context.ts";

/** Rent and fees of some twenty rounds: enough time to send more. */
const LOW_LAMPORTS = 100_000_000n;
const LOOK_MILLISECONDS = 60_000;
const LAMPORTS_PER_SOL = 1e9;

/**
 * Measures what the aggregator's account holds, and warns every minute while it is low: without
 * funds no round is opened or committed, and no demand of a dispute is answered.
 */
export function watchFunds({ ledger, log }: Context, gauge: Gauge): { close(): void } {
  const look = async () => {
    const lamports = await ledger.lamports();
    gauge.set(Number(lamports));
    if (lamports < LOW_LAMPORTS)
      log.warn(
        { lamports: lamports.toString() },
        `the aggregator's account holds ${Number(lamports) / LAMPORTS_PER_SOL} SOL: send more to it`,
      );
  };
  // While the node is away the last measure stands; the check of the chain says that it is away.
  const start = () => void look().catch(() => undefined);
  start();
  const timer = setInterval(start, LOOK_MILLISECONDS);
  return { close: () => clearInterval(timer) };
}
