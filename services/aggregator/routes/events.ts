import { type FederationEvent, toBase58, toHex } from "@plenary/protocol";
import type { FastifyReply } from "fastify";
import type { Context } from "../rounds/context.ts";
import { findFederation } from "../rounds/lookup.ts";
import type { EventSignal } from "../store/event-signal.ts";
import type { EventRow } from "../store/events.ts";
import type { Handlers } from "./mount.ts";
import type { Reader, ReaderAccess } from "./reader-access.ts";
import type { RunningWork } from "./running-work.ts";

const PAGE = 200;
const LARGEST_ID = 2n ** 63n - 1n;

/** Streams a federation's events: those after Last-Event-ID, else those from now on. */
export function eventHandlers(
  context: Context,
  { admit }: ReaderAccess,
  signal: EventSignal,
  work: RunningWork,
): Pick<Handlers, "eventStream"> {
  return {
    eventStream: async ({ params, request, reply }) => {
      const federation = await findFederation(context, params.federation);
      const reader = await admit(request, reply, federation);
      const from = readId(reply.sse.lastEventId) ?? federation.event_count;
      reply.sse.keepAlive();
      reply.sse.sendHeaders();
      // Sent now and not with the first event, so that the client knows that it is connected.
      reply.raw.flushHeaders();
      void work.run(() => streamEvents(context, signal, federation.address, from, reply, reader));
      return reply;
    },
  };
}

async function streamEvents(
  context: Context,
  signal: EventSignal,
  federation: Uint8Array,
  from: bigint,
  reply: FastifyReply,
  reader: Reader,
): Promise<void> {
  const waiting = signal.subscribe(toHex(federation));
  reply.sse.onClose(() => waiting.close());
  let seen = from;
  try {
    while (reply.sse.isConnected && !waiting.closed) {
      const page = await context.store.events.after(federation, seen, PAGE);
      // A member may leave while its stream is open.
      if (page.length > 0 && !(await reader.stillMay())) return;
      for (const row of page) {
        await reply.sse.send({ id: row.id.toString(), event: row.type, data: viewEvent(row) });
        seen = row.id;
      }
      if (page.length < PAGE) await waiting.next();
    }
  } catch (error) {
    // The client can resume with Last-Event-ID.
    if (reply.sse.isConnected) reply.log.warn({ err: error }, "event stream ended");
  } finally {
    waiting.close();
    reply.sse.close();
  }
}

function viewEvent(row: EventRow): FederationEvent {
  return {
    type: row.type,
    federation: toBase58(row.federation),
    round: row.round === null ? null : row.round.toString(),
    ...(row.member === null ? {} : { member: toBase58(row.member) }),
    at: Number(row.at),
  };
}

function readId(text: string | null): bigint | undefined {
  if (text === null || !/^[0-9]{1,19}$/.test(text)) return undefined;
  const id = BigInt(text);
  return id > LARGEST_ID ? undefined : id;
}
