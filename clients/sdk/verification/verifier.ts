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

/** All that a stranger needs: a chain that it trusts and a place that has the public bytes. */
export interface Verifier extends ChainContext {
  readonly blobs: BlobSource;
  readonly registries: Registries;
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
  /** Plug-ins of one's own beside those that Plenary comes with. */
  readonly registries?: Registries | undefined;
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
      "Where are the public bytes? Give the URL of a service or a mirror, or a folder.",
      { field: "blobs", remedy: "name-bytes" satisfies Remedy },
    );
  const federation = options.federation ?? (await onlyFederation(options)).address;
  const chain = await openChainContext({ ...options, federation });
  const blobs = openBlobSource(place, await signerOf(options, chain));
  return { ...chain, blobs, registries: options.registries ?? REGISTRIES };
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

/** By the configuration whose hash stands on chain: a service cannot hide a public federation's bytes by calling it private. */
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
