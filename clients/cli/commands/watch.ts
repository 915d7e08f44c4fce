import { openVerifier, type WatchEvent, watchFederation } from "@plenary/sdk";
import { EXIT } from "../exit-codes.ts";
import type { MetricsPage } from "../metrics.ts";
import { disputeFields, disputeLine, roundRulesLine, rulesLine } from "../output/index.ts";
import { configuredKeypair, keypairIfAny, required, type Session } from "../session.ts";
import { type Tokens, tokensOf } from "../tokens.ts";

export interface WatchFlags {
  readonly blobs?: string;
  readonly from?: bigint;
  readonly metricsPort?: number;
  readonly dispute?: boolean;
}

/** `plenary watch`: ends with exit code 0 when told to stop. */
export async function watch(session: Session, flags: WatchFlags): Promise<number> {
  const { output, signal, settings } = session;
  const state = required(session, "state");
  const rpc = required(session, "rpc");
  const keypair =
    flags.dispute === true ? await configuredKeypair(session) : await keypairIfAny(session);
  const verifier = await openVerifier({ ...settings, keypair, rpc, blobs: flags.blobs, signal });
  const tokens = await tokensOf(verifier);
  const running = await watchFederation(verifier, {
    state,
    from: flags.from,
    challenger: flags.dispute === true ? keypair : undefined,
    signal,
    onEvent: (event) => show(session, event, tokens),
  });
  let page: MetricsPage | null = null;
  try {
    if (flags.metricsPort !== undefined) {
      const { serveMetrics } = await import("../metrics.ts");
      page = await serveMetrics(flags.metricsPort, running.standing);
      const url = `http://127.0.0.1:${page.port}/metrics`;
      output.say("metrics", `metrics at ${url}`, { url });
    }
    await running.done;
  } finally {
    page?.close();
  }
  output.say("stopped", "stopped; watch again to continue", {});
  return EXIT.done;
}

function show({ output }: Session, event: WatchEvent, tokens: Tokens): void {
  if (event.type === "verifying") {
    output.verification(event.round, event.progress);
    return;
  }
  if (event.type === "disputing") {
    output.say(event.event.type, `round ${event.round}: ${disputeLine(event.event, tokens)}`, {
      round: event.round,
      ...disputeFields(event.event, tokens),
    });
    return;
  }
  const { type, ...fields } = event;
  output.say(type, textOf(event), fields);
}

function textOf(
  event: Exclude<WatchEvent, { type: "verifying" | "disputing" }>,
): string | string[] {
  switch (event.type) {
    case "watching":
      return [
        `watching federation ${event.federation} from round ${event.from} on`,
        rulesLine(event.rules),
      ];
    case "round-verified": {
      const { finding, counted, refused, rules } = event.verification;
      const took = `(${event.seconds.toFixed(1)} s)`;
      return finding === null
        ? `round ${event.round} is right: ${counted} updates counted, ${refused} refused ${took}`
        : [`round ${event.round} is wrong: ${finding.text} ${took}`, roundRulesLine(rules)];
    }
    case "round-passed":
      return `round ${event.round} has no result: ${event.why}`;
    case "round-failed":
      return `round ${event.round} could not be verified: ${event.message}`;
    case "dispute-ended":
      return `round ${event.round}: dispute ${event.outcome} (${event.message})`;
    case "not-kept":
      return `${event.message} The watch continues, but bytes that it cannot keep are lost if the service withdraws them: make space.`;
    case "retrying":
      return `${event.message} Trying again.`;
  }
}
