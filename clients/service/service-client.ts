import {
  type BodyOf,
  canonicalJson,
  ENDPOINTS,
  type Endpoint,
  type ParamsOf,
  PlenaryError,
  parserOf,
  type QueryOf,
  type ResponseOf,
  toHex,
  urlOf,
} from "@plenary/protocol";
import { downloadBlob, type TransferProgress } from "./blob-download.ts";
import { type RequestSigner, signedHeaders } from "./request-signer.ts";
import { DEFAULT_RETRY, type RetryPolicy, withRetries } from "./retry.ts";
import { refusalOf, unreachable } from "./service-errors.ts";
import { uploadBody } from "./upload-body.ts";

export interface ServiceClientOptions {
  /** Base URL, for example `http://127.0.0.1:7070`. */
  readonly url: string;
  readonly retry?: Partial<RetryPolicy>;
  /** Milliseconds that one attempt may take without an answer; 30,000 by default. */
  readonly timeout?: number;
  /** Signs every request, as the service of a private federation demands; by default only those are signed that are given a signer. */
  readonly signer?: RequestSigner | undefined;
}

/** What a call takes, by its endpoint: parameters and body only where the endpoint has them. */
export interface CallOptions<E extends Endpoint> {
  readonly params?: ParamsOf<E>;
  readonly query?: QueryOf<E>;
  readonly body?: BodyOf<E>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Signs the request, for endpoints of the authority; the client's own signer by default. */
  readonly signer?: RequestSigner | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/** The REST API of an aggregator, typed by the endpoint definitions that the service itself mounts. */
export interface ServiceClient {
  readonly url: string;
  readonly timeout: number;
  readonly retry: RetryPolicy;
  readonly signer: RequestSigner | undefined;
  /**
   * Calls an endpoint and checks the answer's form. Tries again, with growing pauses, when the service cannot be reached or says that it
   * is busy. Throws the service's own refusal as PlenaryError, `service-unavailable` when it cannot be reached or answers something else.
   */
  call<E extends Endpoint>(endpoint: E, options?: CallOptions<E>): Promise<ResponseOf<E>>;
  /** Bytes by their SHA-256, checked; a broken transfer goes on where it stopped. Throws `verification-failed` on other bytes. */
  download(hash: Uint8Array, options?: DownloadOptions): Promise<Uint8Array>;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/** Throws `invalid-input` when the URL is none. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const url = baseUrl(options.url);
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  const timeout = options.timeout ?? 30_000;
  const client: ServiceClient = {
    url,
    timeout,
    retry,
    signer: options.signer,
    call: (endpoint, call = {}) =>
      withRetries(retry, call.signal, () => attempt(client, endpoint, call)),
    download: (hash, call = {}) =>
      downloadBlob(client, urlOf(ENDPOINTS.blobRead, { hash: toHex(hash) }), hash, call),
  };
  return client;
}

async function attempt<E extends Endpoint>(
  client: ServiceClient,
  endpoint: E,
  call: CallOptions<E>,
): Promise<ResponseOf<E>> {
  const path = urlOf(endpoint, scalars(call.params), scalars(call.query));
  const body = bodyBytes(endpoint, call.body);
  const headers: Record<string, string> = { accept: "application/json", ...call.headers };
  if (body !== undefined)
    headers["content-type"] =
      endpoint.body === "bytes" ? "application/octet-stream" : "application/json";
  const signer = call.signer ?? client.signer;
  // An update's own signature authenticates its upload.
  if (signer !== undefined && endpoint.access !== "member")
    Object.assign(headers, signedHeaders(signer, { method: endpoint.method, path, body }));
  const timer = new AbortController();
  const watchdog = startWatchdog(timer, client.timeout);
  try {
    const sent = uploadBody(body, (progress) => {
      watchdog.restart();
      call.onProgress?.(progress);
    });
    const signal =
      call.signal === undefined ? timer.signal : AbortSignal.any([timer.signal, call.signal]);
    const response = await fetch(`${client.url}${path}`, {
      method: endpoint.method,
      headers: { ...headers, ...sent.headers },
      signal,
      redirect: "error",
      ...sent.init,
    });
    if (response.status !== endpoint.status) throw await refusalOf(response);
    return await readAnswer(endpoint, response);
  } catch (cause) {
    call.signal?.throwIfAborted();
    throw cause instanceof PlenaryError
      ? cause
      : unreachable(client.url, cause, timer.signal.aborted);
  } finally {
    watchdog.stop();
  }
}

/** Aborts when nothing has happened for `milliseconds`: a large upload may take longer in all. */
function startWatchdog(
  timer: AbortController,
  milliseconds: number,
): { restart(): void; stop(): void } {
  const arm = () => setTimeout(() => timer.abort(new Error("timeout")), milliseconds);
  let handle = arm();
  return {
    restart: () => {
      clearTimeout(handle);
      handle = arm();
    },
    stop: () => clearTimeout(handle),
  };
}

const parsers = new WeakMap<Endpoint, (value: unknown) => unknown>();

async function readAnswer<E extends Endpoint>(
  endpoint: E,
  response: Response,
): Promise<ResponseOf<E>> {
  if (endpoint.response === undefined) {
    await response.arrayBuffer();
    return undefined as ResponseOf<E>;
  }
  if (endpoint.response === "bytes")
    return new Uint8Array(await response.arrayBuffer()) as ResponseOf<E>;
  if (endpoint.response === "events")
    throw new PlenaryError("invalid-input", "An event stream is read with watchEvents.");
  const parse =
    parsers.get(endpoint) ??
    parserOf(
      endpoint.response,
      `The service's answer to ${endpoint.operation}`,
      "service-unavailable",
    );
  parsers.set(endpoint, parse);
  let value: unknown;
  try {
    value = await response.json();
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new PlenaryError(
      "service-unavailable",
      `What answers at ${new URL(response.url).origin} is no Plenary service: its answer is no JSON. Check the URL.`,
      { url: response.url },
      { cause },
    );
  }
  // Checked by the parser of the very schema that the type is derived from.
  return parse(value) as ResponseOf<E>;
}

function bodyBytes(endpoint: Endpoint, body: unknown): Uint8Array | undefined {
  if (body === undefined) return undefined;
  if (endpoint.body !== "bytes") return new TextEncoder().encode(canonicalJson(body));
  if (body instanceof Uint8Array) return body;
  throw new PlenaryError("invalid-input", `${endpoint.operation} takes bytes.`);
}

/** Parameters and query values are scalars by their schemas; the generic type does not say so. */
function scalars(values: unknown): Record<string, string | number> {
  const out: Record<string, string | number> = {};
  if (typeof values !== "object" || values === null) return out;
  for (const [key, value] of Object.entries(values))
    if (typeof value === "string" || typeof value === "number") out[key] = value;
  return out;
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new PlenaryError(
      "invalid-input",
      `${JSON.stringify(text)} is no URL of a service: give one like http://127.0.0.1:7070.`,
      { url: text },
    );
  return url.href.replace(/\/+$/, "");
}
