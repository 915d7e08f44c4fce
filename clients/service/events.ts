import { ENDPOINTS, FederationEvent, PlenaryError, parserOf, urlOf } from "@plenary/protocol";
import { signedHeaders } from "./request-signer.ts";
import { pause, pauseAfter } from "./retry.ts";
import type { ServiceClient } from "./service-client.ts";
import { refusalOf } from "./service-errors.ts";

const parseEvent = parserOf(FederationEvent, "Event", "service-unavailable");

/** One message of an event stream. */
export interface StreamMessage {
  readonly id: string;
  readonly data: string;
}

/**
 * What happens in a federation, for as long as the caller listens: reconnects with growing pauses and continues after the last event
 * seen. A hint that something changed, not a source of truth: poll beside it.
 */
export async function* watchEvents(
  client: ServiceClient,
  federation: string,
  signal: AbortSignal,
): AsyncGenerator<FederationEvent> {
  const path = urlOf(ENDPOINTS.eventStream, { federation });
  let lastId = "";
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      for await (const message of openStream(client, path, lastId, signal)) {
        failures = 0;
        lastId = message.id;
        yield parseEvent(JSON.parse(message.data));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof PlenaryError && FINAL.has(error.code)) throw error;
    }
    await pause(pauseAfter(client.retry, Math.min(failures + 1, 16)), signal).catch(
      () => undefined,
    );
  }
}

/** Answers that another attempt will not change. */
const FINAL: ReadonlySet<string> = new Set([
  "not-found",
  "signature-invalid",
  "member-unknown",
  "member-inactive",
]);

async function* openStream(
  client: ServiceClient,
  path: string,
  lastId: string,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage> {
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (lastId !== "") headers["last-event-id"] = lastId;
  if (client.signer !== undefined)
    Object.assign(headers, signedHeaders(client.signer, { method: "GET", path }));
  const response = await fetch(`${client.url}${path}`, { headers, signal, redirect: "error" });
  if (response.status !== 200 || response.body === null) throw await refusalOf(response);
  yield* readMessages(response.body);
}

/** Messages of a `text/event-stream` body (HTML standard, section 9.2.6). Comments and messages without data are passed over. */
export async function* readMessages(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<StreamMessage> {
  const decoder = new TextDecoder();
  let rest = "";
  let id = "";
  let data: string[] = [];
  for await (const piece of body) {
    rest += decoder.decode(piece, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { id, data: data.join("\n") };
        data = [];
        continue;
      }
      const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === "data") data.push(value);
      else if (field === "id" && !value.includes("\0")) id = value;
    }
  }
}
