import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PlenaryError } from "@plenary/protocol";
import type { WatchStanding } from "@plenary/sdk";
import { Counter, Gauge, Registry } from "prom-client";

/** A listening page of metrics. */
export interface MetricsPage {
  readonly port: number;
  close(): void;
}

/**
 * Serves a watch's metrics at /metrics, to this machine only. Port 0 is any free port. Throws
 * `conflict` if the port is in use.
 */
export async function serveMetrics(
  port: number,
  standing: () => WatchStanding,
): Promise<MetricsPage> {
  const registry = watchRegistry(standing);
  const server = createServer((request, response) => {
    const isMetrics = request.method === "GET" && request.url === "/metrics";
    const text = isMetrics ? registry.metrics() : Promise.resolve("The metrics are at /metrics.\n");
    response.writeHead(isMetrics ? 200 : 404, { "content-type": registry.contentType });
    text.then((body) => response.end(body)).catch(() => response.destroy());
  });
  await new Promise<void>((done, fail) => {
    server.once("error", (cause) => {
      const message = `Cannot serve metrics on port ${port}: choose another port.`;
      fail(new PlenaryError("conflict", message, { port }, { cause }));
    });
    server.listen(port, "127.0.0.1", done);
  });
  // A listening TCP server has an address with a port.
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Metrics that are read from the watch whenever they are requested. */
export function watchRegistry(standing: () => WatchStanding): Registry {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: (now: WatchStanding) => number) =>
    new Gauge({
      name: `plenary_watch_${name}`,
      help,
      registers,
      collect() {
        this.set(read(standing()));
      },
    });
  const counter = (name: string, help: string, read: (now: WatchStanding) => number) =>
    new Counter({
      name: `plenary_watch_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read(standing()));
      },
    });
  counter("rounds_verified", "Rounds that were recomputed.", (now) => now.verified);
  counter("rounds_wrong", "Rounds found wrong.", (now) => now.wrong);
  counter("rounds_failed", "Rounds that could not be recomputed.", (now) => now.failed);
  counter("retries", "Times that chain or source did not answer.", (now) => now.retries);
  counter(
    "verification_seconds",
    "Time spent recomputing rounds; divided by the rounds, the time of one.",
    (now) => now.verificationSeconds,
  );
  gauge("last_round", "Number of the last round looked at.", (now) => now.lastRound);
  gauge("disputes_open", "Rounds that call for a dispute which has not ended.", (now) => {
    return now.disputesOpen;
  });
  gauge("rounds_kept", "Rounds whose bytes are kept, because they can be disputed.", (now) => {
    return now.roundsKept;
  });
  new Counter({
    name: "plenary_watch_disputes_total",
    help: "Disputes that have ended since the state folder was made.",
    labelNames: ["outcome"],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(standing().disputesEnded))
        this.inc({ outcome }, count);
    },
  });
  return registry;
}
