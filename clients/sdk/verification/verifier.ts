import { type Federation, PROGRAM_ID, readFederation, unreachable } from "@plenary/chain";
import {
  configurationHash,
  ENDPOINTS,
  equalBytes,
  type FederationConfiguration,
  fromBase58,
  PlenaryError,
} from "@plenary/protocol";
import { createServiceClient, type RequestSigner } from "@plenary/service";
import type { Keypair } from "@solana/web3.js";
import { connectTo, publicKey } from "../access/federation-access.ts";
import { signerFor } from "../access/request-signer.ts";
import type { OnChain } from "../chain-state/federation-account.ts";
import { type BlobSource, openBlobSource } from "./blob-source.ts";

/** A federation as the chain alone has it. */
export interface FederationOnChain extends OnChain {
  readonly genesisHash: Uint8Array;
}

/** All that a stranger needs: a chain that it trusts and a place that has the public bytes. */
export interface Verifier extends FederationOnChain {
  readonly blobs: BlobSource;
}

export interface OpenVerifierOptions {
  /** URL of a Solana RPC node: one's own, for it is what everything is compared with. */
  readonly rpc: string;
  /** The service; needed only where `federation` or `blobs` is left out. */
  readonly service?: string | undefined;
  readonly federation?: string | undefined;
  /** A mirror's URL or a folder; the service by default. */
  readonly blobs?: string | undefined;
  readonly program?: string | undefined;
  /** Of a member, for a private federation at its service: signs what is read there. */
  readonly keypair?: Keypair | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Throws `invalid-input` saying what is missing, `chain-unavailable` or `service-unavailable`. */
export async function openVerifier(options: OpenVerifierOptions): Promise<Verifier> {
  const place = options.blobs ?? options.service;
  if (place === undefined)
    throw new PlenaryError(
      "invalid-input",
      "Say where the public bytes are: --service or --blobs.",
      {
        field: "blobs",
      },
    );
  const federation = options.federation ?? (await onlyFederation(options));
  const onChain = await openOnChain({ ...options, federation });
  return { ...onChain, blobs: openBlobSource(place, await signerOf(options, onChain)) };
}

/** For what needs no public bytes. Throws `invalid-input` on addresses that are none, `chain-unavailable`. */
export async function openOnChain({
  rpc,
  federation,
  program = PROGRAM_ID.toBase58(),
}: Pick<OpenVerifierOptions, "rpc" | "program"> & {
  readonly federation: string;
}): Promise<FederationOnChain> {
  const connection = connectTo(rpc);
  return {
    connection,
    program: publicKey(program, "program"),
    address: publicKey(federation, "federation"),
    genesisHash: fromBase58(await connection.getGenesisHash().catch(unreachable(connection))),
  };
}

/**
 * Signs what is read of a private federation, at its service alone: a mirror could pass a signed request on and read the answer. Throws
 * for who may not read it, since bytes that are not for strangers are no finding against a round.
 */
async function signerOf(
  { keypair, blobs, service, signal }: OpenVerifierOptions,
  { connection, program, address }: Pick<Verifier, "connection" | "program" | "address">,
): Promise<RequestSigner | undefined> {
  if (service === undefined || blobs !== undefined) return undefined;
  const onChain = await readFederation(connection, address);
  const params = { federation: address.toBase58() };
  // A service that does not answer is met again when bytes are asked for.
  const view = await createServiceClient({ url: service, retry: { attempts: 1 } })
    .call(ENDPOINTS.federationRead, { params, signal })
    .catch(() => null);
  if (onChain === null || view === null || !isPrivate(view.configuration, onChain))
    return undefined;
  if (keypair === undefined)
    throw new PlenaryError(
      "invalid-input",
      "This federation is private: give the keypair of a member, or a folder with its bytes (--blobs).",
      { field: "keypair", federation: address.toBase58() },
    );
  const signer = await signerFor(keypair, { connection, program, aggregator: onChain.aggregator });
  await createServiceClient({ url: service, signer }).call(ENDPOINTS.roundList, {
    params,
    query: { limit: 1 },
    signal,
  });
  return signer;
}

/** By the configuration whose hash stands on chain: a service cannot hide a public federation's bytes by calling it private. */
function isPrivate(configuration: FederationConfiguration, onChain: Federation): boolean {
  return (
    configuration.visibility === "private" &&
    equalBytes(configurationHash(configuration), onChain.configurationHash)
  );
}

async function onlyFederation({ service, signal }: OpenVerifierOptions): Promise<string> {
  if (service === undefined)
    throw new PlenaryError(
      "invalid-input",
      "Say which federation: give --federation or --service.",
      {
        field: "federation",
      },
    );
  const { federations } = await createServiceClient({ url: service }).call(
    ENDPOINTS.federationList,
    {
      signal,
    },
  );
  const [only, second] = federations;
  if (only !== undefined && second === undefined) return only.address;
  throw new PlenaryError(
    only === undefined ? "not-found" : "invalid-input",
    only === undefined
      ? "The service has no federation yet."
      : `The service has ${federations.length} federations; say which: ${federations.map(({ address, name }) => `${address} (${name})`).join(", ")}.`,
    { federations: federations.length },
  );
}
