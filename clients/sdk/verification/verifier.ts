import { REGISTRIES, type Registries } from "@plenary/algorithms";
import { type Federation, readFederation } from "@plenary/chain";
import {
  configurationHash,
  ENDPOINTS,
  equalBytes,
  type FederationConfiguration,
  type FederationView,
  PlenaryError,
} from "@plenary/protocol";
import { createServiceClient, type RequestSigner } from "@plenary/service";
import type { Keypair } from "@solana/web3.js";
import { type ChainContext, findFederation, openChainContext, signerFor } from "../access/index.ts";
import type { Remedy } from "../remedy.ts";
import { type BlobSource, openBlobSource } from "./blob-source.ts";

/** Everything that a stranger needs: a chain to trust, and a source of the public bytes. */
export interface Verifier extends ChainContext {
  readonly blobs: BlobSource;
  readonly registries: Registries;
}

/** Where a verifier reads the chain and the public bytes. */
export interface OpenVerifierOptions {
  /** URL of a Solana RPC node. Use your own: everything is compared with its word. */
  readonly rpc: string;
  /** URL of the service; needed only without `federation` or without `blobs`. */
  readonly service?: string | undefined;
  readonly federation?: string | undefined;
  /** A mirror's URL or a folder; the service by default. */
  readonly blobs?: string | undefined;
  readonly program?: string | undefined;
  /** Plug-ins of your own, beside those that Plenary comes with. */
  readonly registries?: Registries | undefined;
  /** Key of a member, for a private federation at its service: it signs the reads. */
  readonly keypair?: Keypair | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a verifier. Throws `invalid-input` naming what is missing, `chain-unavailable` or
 * `service-unavailable`.
 */
export async function openVerifier(options: OpenVerifierOptions): Promise<Verifier> {
  const place = options.blobs ?? options.service;
  if (place === undefined)
    throw new PlenaryError(
      "invalid-input",
      "Where are the public bytes? Give the URL of a service or a mirror, or a folder.",
      { field: "blobs", remedy: "name-bytes" satisfies Remedy },
    );
  const federation = options.federation ?? (await onlyFederation(options)).address;
  const chain = await openChainContext({ ...options, federation });
  const blobs = openBlobSource(place, await signerOf(options, chain));
  return { ...chain, blobs, registries: options.registries ?? REGISTRIES };
}

/**
 * Signs reads of a private federation, and only at its service: a mirror could pass a signed
 * request on and read the answer. Throws if the key may not read: bytes that are not meant for
 * strangers are not a finding against a round.
 */
async function signerOf(
  { keypair, blobs, service, signal }: OpenVerifierOptions,
  { connection, program, address }: Pick<Verifier, "connection" | "program" | "address">,
): Promise<RequestSigner | undefined> {
  if (service === undefined || blobs !== undefined) return undefined;
  const onChain = await readFederation(connection, address);
  const params = { federation: address.toBase58() };
  // A service that does not answer fails again, with a proper error, when bytes are asked for.
  const view = await createServiceClient({ url: service, retry: { attempts: 1 } })
    .call(ENDPOINTS.federationRead, { params, signal })
    .catch(() => null);
  if (onChain === null || view === null || !isPrivate(view.configuration, onChain))
    return undefined;
  if (keypair === undefined)
    throw new PlenaryError(
      "invalid-input",
      "This federation is private: give the keypair of a member, or a folder with its bytes.",
      {
        field: "keypair",
        federation: address.toBase58(),
        remedy: "give-keypair" satisfies Remedy,
      },
    );
  const signer = await signerFor(keypair, { connection, program, aggregator: onChain.aggregator });
  await createServiceClient({ url: service, signer }).call(ENDPOINTS.roundList, {
    params,
    query: { limit: 1 },
    signal,
  });
  return signer;
}

/**
 * Decided by the configuration whose hash is on chain: a service cannot hide a public federation's
 * bytes by calling the federation private.
 */
function isPrivate(configuration: FederationConfiguration, onChain: Federation): boolean {
  return (
    configuration.visibility === "private" &&
    equalBytes(configurationHash(configuration), onChain.configurationHash)
  );
}

function onlyFederation({ service, signal }: OpenVerifierOptions): Promise<FederationView> {
  if (service !== undefined)
    return findFederation(createServiceClient({ url: service }), undefined, signal);
  throw new PlenaryError(
    "invalid-input",
    "Which federation? Give its address, or the URL of a service that has only one.",
    { field: "federation", remedy: "name-federation" satisfies Remedy },
  );
}
