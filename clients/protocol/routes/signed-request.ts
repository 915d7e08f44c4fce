import { fromBase58, fromBase64, toBase58, toBase64, toHex } from "../bytes.ts";
import { PlenaryError } from "../errors.ts";
import { signMessage, verifySignature } from "../signature.ts";

/*
 * Requests other than uploads of updates are signed by a key, in the headers below. The signature
 * covers the service, method, path, body hash, time and nonce. Its domain keeps it from being taken
 * for an envelope, a receipt or a transaction. The service in it keeps it from being passed on to
 * another service; time and nonce keep it from being used again.
 */

export const REQUEST_HEADERS = {
  key: "plenary-key",
  time: "plenary-time",
  nonce: "plenary-nonce",
  signature: "plenary-signature",
} as const;

/** Largest difference between a signed request's time and the service's clock. */
export const REQUEST_WINDOW_MILLISECONDS = 60_000;

/**
 * The service that a request is for: the aggregator's key, for one program on one chain. A client
 * takes all three from the chain, because a service could state another's identity as its own.
 */
export interface ServiceIdentity {
  readonly genesisHash: Uint8Array;
  readonly programId: Uint8Array;
  readonly aggregator: Uint8Array;
}

export interface RequestToSign {
  readonly service: ServiceIdentity;
  readonly method: string;
  /** Path with query, as sent. */
  readonly path: string;
  readonly bodyHash: Uint8Array;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** 16 random bytes in hexadecimal. */
  readonly nonce: string;
}

function requestMessage(request: RequestToSign): Uint8Array {
  const { service, method, path, bodyHash, time, nonce } = request;
  const { genesisHash, programId, aggregator } = service;
  const lines = [
    "plenary/request/1",
    toHex(genesisHash),
    toBase58(programId),
    toBase58(aggregator),
    method,
    path,
    toHex(bodyHash),
    String(time),
    nonce,
  ];
  return new TextEncoder().encode(lines.join("\n"));
}

/** Headers that authenticate a request with a Solana secret key (64 bytes). */
export function signRequest(request: RequestToSign, secretKey: Uint8Array): Record<string, string> {
  return {
    [REQUEST_HEADERS.key]: toBase58(secretKey.subarray(32)),
    [REQUEST_HEADERS.time]: String(request.time),
    [REQUEST_HEADERS.nonce]: request.nonce,
    [REQUEST_HEADERS.signature]: toBase64(signMessage(requestMessage(request), secretKey)),
  };
}

/** The claims of a signed request, read from its headers before the body has arrived. */
export interface RequestClaims {
  readonly key: Uint8Array;
  readonly time: number;
  readonly nonce: string;
  readonly signature: Uint8Array;
}

/**
 * Reads the headers. Throws `signature-invalid` naming a header that is missing or malformed, and
 * `request-expired` if `now` is outside the window.
 */
export function readRequestClaims(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  now: number,
): RequestClaims {
  const key = header(headers, REQUEST_HEADERS.key, (text) => fromBase58(text));
  const signature = header(headers, REQUEST_HEADERS.signature, (text) => fromBase64(text, 64));
  const time = header(headers, REQUEST_HEADERS.time, (text) =>
    /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined,
  );
  const nonce = header(headers, REQUEST_HEADERS.nonce, (text) =>
    /^[0-9a-f]{32}$/.test(text) ? text : undefined,
  );
  if (Math.abs(now - time) > REQUEST_WINDOW_MILLISECONDS)
    throw new PlenaryError(
      "request-expired",
      "The signed request is too old or from the future: check the clock and sign it again.",
      { time, now },
    );
  return { key, time, nonce, signature };
}

/** Throws `signature-invalid` unless the claims' key signed this request. */
export function verifyRequest(
  claims: RequestClaims,
  request: Omit<RequestToSign, "time" | "nonce">,
): void {
  const message = requestMessage({ ...request, time: claims.time, nonce: claims.nonce });
  if (!verifySignature(message, claims.signature, claims.key))
    throw new PlenaryError(
      "signature-invalid",
      "The request is not signed by the key that it names over this service, method, path and body.",
      {
        key: toBase58(claims.key),
      },
    );
}

function header<T>(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  name: string,
  read: (text: string) => T | undefined,
): T {
  const text = headers[name];
  let cause: unknown;
  try {
    const value = typeof text === "string" ? read(text) : undefined;
    if (value !== undefined) return value;
  } catch (error) {
    cause = error;
  }
  throw new PlenaryError(
    "signature-invalid",
    `The header ${name} is missing or malformed.`,
    { field: name },
    { cause },
  );
}
