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
import { type DownloadOptions, downloadBlob } from "./blob-download.ts";
import type { ServiceConnection } from "./connection.ts";
import { type RequestSigner, signedHeaders } from "./request-signer.ts";
import { DEFAULT_RETRY, type RetryPolicy, withRetries } from "./retry.ts";
import { confirm, refusalOf, unreachable } from "./service-errors.ts";
import { startWatchdog, type TransferProgress } from "./transfer.ts";
import { uploadBody } from "./upload-body.ts";

/** The service's URL, and how patient the client is. */
export interface ServiceClientOptions {
  /** Base URL, for example `http://127.0.0.1:7070`. */
  readonly url: string;
  readonly retry?: Partial<RetryPolicy>;
  /** Milliseconds that one attempt may stand still; 30,000 by default. */
  readonly timeout?: number;
  /**
   * Signs every request, as the service of a private federation demands. By default only calls that
   * are given a signer are signed.
   */
  readonly signer?: RequestSigner | undefined;
}

/** What a call takes: parameters, query and body as its endpoint defines them. */
export interface CallOptions<E extends Endpoint> {
  readonly params?: ParamsOf<E>;
  readonly query?: QueryOf<E>;
  readonly body?: BodyOf<E>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Signs the request, for endpoints of an authority; the client's own signer by default. */
  readonly signer?: RequestSigner | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/** The REST API of an aggregator, typed by the endpoint definitions that the service mounts. */
export interface ServiceClient extends ServiceConnection {
  /**
   * Calls an endpoint and checks the answer's form. Tries again, after growing pauses, when the
   * service cannot be reached or says that it is busy. Throws the service's own refusal as
   * PlenaryError, and `service-unavailable` when it cannot be reached or something else answers.
   */
  call<E extends Endpoint>(endpoint: E, options?: CallOptions<E>): Promise<ResponseOf<E>>;
  /**
   * Bytes by their SHA-256, checked. A broken transfer continues where it stopped. Throws
   * `verification-failed` on other bytes.
   */
  download(hash: Uint8Array, options?: DownloadOptions): Promise<Uint8Array>;
}

/** Throws `invalid-input` if the URL is not one of a service. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const connection: ServiceConnection = {
    url: baseUrl(options.url),
    timeout: options.timeout ?? 30_000,
    retry: { ...DEFAULT_RETRY, ...options.retry },
    signer: options.signer,
  };
  return {
    ...connection,
    call: (endpoint, call = {}) =>
      withRetries(connection.retry, call.signal, () => attempt(connection, endpoint, call)),
    download: (hash, call = {}) =>
      downloadBlob(connection, urlOf(ENDPOINTS.blobRead, { hash: toHex(hash) }), hash, call),
  };
}

async function attempt<E extends Endpoint>(
  { url, timeout, signer }: ServiceConnection,
  endpoint: E,
  call: CallOptions<E>,
): Promise<ResponseOf<E>> {
  const path = urlOf(endpoint, scalars(call.params), scalars(call.query));
  const body = bodyBytes(endpoint, call.body);
  const headers = headersOf(endpoint, { path, body, signer: call.signer ?? signer });
  const watchdog = startWatchdog(timeout, call.signal);
  try {
    const sent = uploadBody(body, (progress) => {
      watchdog.restart();
      call.onProgress?.(progress);
    });
    const response = await fetch(`${url}${path}`, {
      method: endpoint.method,
      headers: { ...headers, ...call.headers, ...sent.headers },
      signal: watchdog.signal,
      redirect: "error",
      ...sent.init,
    });
    if (response.status !== endpoint.status) throw await refusalOf(url, response);
    const answer = await readAnswer(endpoint, response);
    confirm(url);
    return answer;
  } catch (cause) {
    call.signal?.throwIfAborted();
    throw cause instanceof PlenaryError ? cause : unreachable(url, cause, watchdog.timedOut);
  } finally {
    watchdog.stop();
  }
}

function headersOf(
  endpoint: Endpoint,
  {
    path,
    body,
    signer,
  }: {
    readonly path: string;
    readonly body: Uint8Array | undefined;
    readonly signer: RequestSigner | undefined;
  },
): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined)
    headers["content-type"] =
      endpoint.body === "bytes" ? "application/octet-stream" : "application/json";
  // An update's own signature authenticates its upload.
  if (signer === undefined || endpoint.access === "member") return headers;
  return { ...headers, ...signedHeaders(signer, { method: endpoint.method, path, body }) };
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
      `What answers at ${new URL(response.url).origin} is not a Plenary service: its answer is not JSON. Check the URL.`,
      { url: response.url },
      { cause },
    );
  }
  // The type is derived from the schema that the parser checks.
  return parse(value) as ResponseOf<E>;
}

function bodyBytes(endpoint: Endpoint, body: unknown): Uint8Array | undefined {
  if (body === undefined) return undefined;
  if (endpoint.body !== "bytes") return new TextEncoder().encode(canonicalJson(body));
  if (body instanceof Uint8Array) return body;
  throw new PlenaryError("invalid-input", `${endpoint.operation} takes bytes.`);
}

/** Schemas make parameters and query values scalars, which the generic type does not say. */
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
      `${JSON.stringify(text)} is not the URL of a service: give one like http://127.0.0.1:7070.`,
      { url: text },
    );
  return url.href.replace(/\/+$/, "");
}
