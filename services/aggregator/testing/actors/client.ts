import { randomBytes } from "node:crypto";
import {
  type BodyOf,
  ENDPOINTS,
  ENVELOPE_HEADER,
  type Endpoint,
  ErrorBody,
  fromBase58,
  fromHex,
  type ParamsOf,
  parserOf,
  type ReceiptView,
  type ResponseOf,
  type RoundView,
  type ServiceIdentity,
  SIGNATURE_HEADER,
  sha256,
  signRequest,
  toBase58,
  toBase64,
  toHex,
  urlOf,
} from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import type { TSchema } from "typebox";
import type { TestFederation } from "../chain/federation.ts";
import type { TestUpdate } from "../chain/sign-update.ts";

/** A bound for an event that never comes, far above what restarts take. */
const EVENT_SECONDS = 240;
const SHOWN_EVENTS = 10;

/** A refusal as it came over the wire. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(`${status} ${code}: ${message}`);
    this.status = status;
    this.code = code;
  }
}

export interface CallOptions<E extends Endpoint> {
  readonly params: ParamsOf<E>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: BodyOf<E>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Signs the request. */
  readonly signer?: Keypair;
}

/**
 * The client's end of the protocol, for tests. Every answer is checked against its endpoint's
 * schema. `reader` signs the requests that only readers may make.
 */
export function clientOf(origin: string, reader?: Keypair) {
  let known: ServiceIdentity | undefined;
  /** Trusted here, because the service is the test's own. */
  async function identity(): Promise<ServiceIdentity> {
    const said = await call(ENDPOINTS.serviceRead, { params: {} });
    known ??= {
      genesisHash: fromHex(said.genesisHash),
      programId: fromBase58(said.programId),
      aggregator: fromBase58(said.aggregator),
    };
    return known;
  }
  async function call<E extends Endpoint>(
    endpoint: E,
    options: CallOptions<E>,
  ): Promise<ResponseOf<E>> {
    const signer = options.signer ?? (endpoint.access === "reader" ? reader : undefined);
    const service = known ?? (signer && (await identity()));
    const response = await send(
      origin,
      endpoint,
      { ...options, ...(signer && { signer }) },
      service,
    );
    if (!response.ok) throw await refusalOf(response);
    if (response.status !== endpoint.status)
      throw new Error(`${endpoint.operation} answered ${response.status}`);
    if (endpoint.response === "bytes")
      return new Uint8Array(await response.arrayBuffer()) as ResponseOf<E>;
    return parserOf(
      endpoint.response as TSchema,
      endpoint.operation,
    )(await response.json()) as ResponseOf<E>;
  }
  return {
    origin,
    call,
    identity,
    /** Headers of a GET, if the client has a reader's key. */
    readerHeaders: async (path: string): Promise<Record<string, string>> =>
      reader === undefined ? {} : signedHeaders(await identity(), reader, { method: "GET", path }),
    uploadBlob: (bytes: Uint8Array, signer: Keypair) =>
      call(ENDPOINTS.blobWrite, { params: { hash: toHex(sha256(bytes)) }, body: bytes, signer }),
    async register(federation: TestFederation): Promise<void> {
      for (const blob of federation.blobs) await this.uploadBlob(blob, federation.authority);
      await call(ENDPOINTS.federationRegister, {
        params: {},
        body: { address: toBase58(federation.address), configuration: federation.configuration },
        signer: federation.authority,
      });
    },
    submit: (
      federation: Uint8Array,
      round: bigint | "current",
      update: TestUpdate,
    ): Promise<ReceiptView> =>
      call(ENDPOINTS.updateSubmit, {
        params: { federation: toBase58(federation), round: round.toString() },
        body: update.payload,
        headers: {
          [ENVELOPE_HEADER]: toBase64(update.message),
          [SIGNATURE_HEADER]: toBase64(update.signature),
        },
      }),
    round: (federation: Uint8Array, round: bigint | "current"): Promise<RoundView> =>
      call(ENDPOINTS.roundRead, {
        params: { federation: toBase58(federation), round: round.toString() },
      }),
  };
}

export type TestClient = ReturnType<typeof clientOf>;

async function send<E extends Endpoint>(
  origin: string,
  endpoint: E,
  options: CallOptions<E>,
  service: ServiceIdentity | undefined,
): Promise<Response> {
  const path = urlOf(endpoint, options.params as Record<string, string>, options.query);
  const body = bodyOf(endpoint, options.body);
  const headers: Record<string, string> = { ...options.headers };
  if (body !== undefined)
    headers["content-type"] ??=
      endpoint.body === "bytes" ? "application/octet-stream" : "application/json";
  if (options.signer !== undefined && service !== undefined) {
    const request = { method: endpoint.method, path, ...(body && { body }) };
    Object.assign(headers, signedHeaders(service, options.signer, request));
  }
  return fetch(new URL(path, origin), {
    method: endpoint.method,
    headers,
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
}

function signedHeaders(
  service: ServiceIdentity,
  signer: Keypair,
  { method, path, body = new Uint8Array() }: { method: string; path: string; body?: Uint8Array },
): Record<string, string> {
  const nonce = randomBytes(16).toString("hex");
  return signRequest(
    { service, method, path, bodyHash: sha256(body), time: Date.now(), nonce },
    signer.secretKey,
  );
}

function bodyOf<E extends Endpoint>(
  endpoint: E,
  body: BodyOf<E> | undefined,
): Uint8Array | undefined {
  if (body === undefined) return undefined;
  return endpoint.body === "bytes"
    ? (body as Uint8Array)
    : new TextEncoder().encode(JSON.stringify(body));
}

async function refusalOf(response: Response): Promise<Refusal> {
  const { error } = parserOf(ErrorBody, "Refusal")(await response.json());
  return new Refusal(response.status, error.code, error.message);
}

export interface ServerEvent {
  readonly id: string;
  readonly type: string;
  readonly round: string | null;
}

/**
 * Reads a federation's events from after `lastEventId` until `isLast` says so. Throws with the last
 * ones if that takes too long.
 */
export async function readEvents(
  origin: string,
  federation: Uint8Array,
  lastEventId: string,
  isLast: (event: ServerEvent) => boolean,
  headers: Readonly<Record<string, string>> = {},
): Promise<ServerEvent[]> {
  const path = urlOf(ENDPOINTS.eventStream, { federation: toBase58(federation) });
  const limit = AbortSignal.timeout(1_000 * EVENT_SECONDS);
  const events: ServerEvent[] = [];
  try {
    const response = await fetch(new URL(path, origin), {
      headers: { ...headers, accept: "text/event-stream", "last-event-id": lastEventId },
      signal: limit,
    });
    if (!response.ok || response.body === null) throw await refusalOf(response);
    for await (const event of eventsIn(response.body)) {
      events.push(event);
      if (isLast(event)) return events;
    }
  } catch (error) {
    if (limit.aborted) throw new Error(`Waited ${EVENT_SECONDS} s, after ${named(events)}.`);
    throw error;
  }
  throw new Error(`The stream ended after ${named(events)}.`);
}

/** The last events, as a failed wait shows them. */
function named(events: readonly ServerEvent[]): string {
  const last = events.slice(-SHOWN_EVENTS).map(({ type, round }) => `${type} ${round}`);
  return `${events.length} events, of which the last are ${last.join(", ") || "none"}`;
}

async function* eventsIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseEvent(block: string): ServerEvent | undefined {
  const field = (name: string) => block.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
  const [id, data] = [field("id"), field("data")];
  if (id === undefined || data === undefined) return undefined;
  const { type, round } = JSON.parse(data) as { type: string; round: string | null };
  return { id, type, round };
}
