import { unreachable } from "@plenary/chain";
import {
  fromBase58,
  type RequestToSign,
  type ServiceIdentity,
  sha256,
  signRequest,
  toHex,
} from "@plenary/protocol";
import type { Connection, Keypair, PublicKey } from "@solana/web3.js";

/** Signs requests to one service. */
export interface RequestSigner {
  /** 64 bytes. */
  readonly secretKey: Uint8Array;
  readonly service: ServiceIdentity;
}

/** Signs for the service whose aggregator a federation names on chain, whatever the service says of itself. */
export async function signerFor(
  keypair: Keypair,
  { connection, program, aggregator }: { connection: Connection; program: PublicKey; aggregator: PublicKey },
): Promise<RequestSigner> {
  const genesisHash = fromBase58(await connection.getGenesisHash().catch(unreachable(connection)));
  const service = { genesisHash, programId: program.toBytes(), aggregator: aggregator.toBytes() };
  return { secretKey: keypair.secretKey, service };
}

/** Headers that sign one attempt of a request: another attempt needs others. */
export function signedHeaders(
  { secretKey, service }: RequestSigner,
  { method, path, body }: Pick<RequestToSign, "method" | "path"> & { readonly body?: Uint8Array | undefined },
): Record<string, string> {
  const nonce = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const bodyHash = sha256(body ?? new Uint8Array());
  return signRequest({ service, method, path, bodyHash, time: Date.now(), nonce }, secretKey);
}
