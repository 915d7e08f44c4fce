import { ENDPOINTS, FederationEvent, PlenaryError, parserOf, urlOf } from "@plenary/protocol";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { ServiceConnection } from "./connection.ts";
import { signedHeaders } from "./request-signer.ts";
import { pause, pauseAfter } from "./retry.ts";
import { confirm, refusalOf } from "./service-errors.ts";

const parseEvent = parserOf(FederationEvent, "Event", "service-unavailable");
/** Failures beyond which the pause does not grow. */
const MOST_DOUBLINGS = 16;

/**
 * The events of a federation, for as long as the caller listens. Reconnects after growing pauses
 * and continues after the last event seen. An event is a hint that something changed and not a
 * source of truth: poll as well.
 */
export async function* watchEvents(
  connection: ServiceConnection,
  federation: string,
  signal: AbortSignal,
): AsyncGenerator<FederationEvent> {
  const path = urlOf(ENDPOINTS.eventStream, { federation });
  let lastId = "";
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      for await (const { id = "", data } of openStream(connection, path, lastId, signal)) {
        failures = 0;
        lastId = id;
        yield parseEvent(JSON.parse(data));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof PlenaryError && FINAL.has(error.code)) throw error;
    }
    const attempt = Math.min(failures + 1, MOST_DOUBLINGS);
    await pause(pauseAfter(connection.retry, attempt), signal).catch(() => undefined);
  }
}

/** Refusals that another attempt will not change. */
const FINAL: ReadonlySet<string> = new Set([
  "not-found",
  "signature-invalid",
  "member-unknown",
  "member-inactive",
]);

async function* openStream(
  { url, signer }: ServiceConnection,
  path: string,
  lastId: string,
  signal: AbortSignal,
): AsyncGenerator<EventSourceMessage> {
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (lastId !== "") headers["last-event-id"] = lastId;
  if (signer !== undefined) Object.assign(headers, signedHeaders(signer, { method: "GET", path }));
  const response = await fetch(`${url}${path}`, { headers, signal, redirect: "error" });
  if (response.status !== 200 || response.body === null) throw await refusalOf(url, response);
  confirm(url);
  yield* readMessages(response.body);
}

/** Messages of a `text/event-stream` body. Comments and messages without data are skipped. */
export async function* readMessages(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage> {
  const decoder = new TextDecoder();
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  for await (const piece of body) {
    parser.feed(decoder.decode(piece, { stream: true }));
    yield* messages.splice(0);
  }
}
