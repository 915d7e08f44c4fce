import {
  type RequestToSign,
  type ServiceIdentity,
  sha256,
  signRequest,
  toHex,
} from "@plenary/protocol";

/** Signs requests to one service. */
export interface RequestSigner {
  /** 64 bytes. */
  readonly secretKey: Uint8Array;
  readonly service: ServiceIdentity;
}

/** Headers that sign one attempt of a request: another attempt needs others. */
export function signedHeaders(
  { secretKey, service }: RequestSigner,
  {
    method,
    path,
    body,
  }: Pick<RequestToSign, "method" | "path"> & { readonly body?: Uint8Array | undefined },
): Record<string, string> {
  const nonce = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const bodyHash = sha256(body ?? new Uint8Array());
  return signRequest({ service, method, path, bodyHash, time: Date.now(), nonce }, secretKey);
}
