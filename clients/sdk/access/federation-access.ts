import { createAlgorithms, REGISTRIES, type Registries, rulesProblem } from "@plenary/algorithms";
import { PROGRAM_ID, unreachable } from "@plenary/chain";
import {
  configurationHash,
  equalBytes,
  type FederationConfiguration,
  type FederationView,
  fromBase58,
  PlenaryError,
  toBase58,
  toHex,
} from "@plenary/protocol";
import {
  createServiceClient,
  type ServiceClient,
  type ServiceClientOptions,
} from "@plenary/service";
import { type Connection, type Keypair, PublicKey } from "@solana/web3.js";
import { requireFederation } from "../chain-state/index.ts";
import { connectTo, publicKey } from "./connection.ts";
import { findFederation } from "./find-federation.ts";
import { signerFor } from "./request-signer.ts";

/** How to reach a federation: its service, a Solana node, and a key where it is private. */
export interface OpenFederationOptions {
  /** URL of the aggregation service. */
  readonly service: string;
  /** URL of a Solana RPC node. Use your own: its word is believed over the service's. */
  readonly rpc: string;
  /** Address of the federation; optional if the service has only one. */
  readonly federation?: string | undefined;
  /** Address of the program, for a deployment of your own. */
  readonly program?: string | undefined;
  /**
   * Key of a member, the authority or the aggregator. It signs reads of a private federation; a
   * public federation needs no key.
   */
  readonly keypair?: Keypair | undefined;
  readonly client?: Omit<ServiceClientOptions, "url">;
  /** Plug-ins of your own, beside those that Plenary comes with. */
  readonly registries?: Registries | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A federation whose configuration was checked against the chain: enough to join, to claim, and to
 * read its status.
 */
export interface FederationAccess {
  readonly client: ServiceClient;
  readonly connection: Connection;
  readonly program: PublicKey;
  readonly address: PublicKey;
  readonly rewardMint: PublicKey;
  readonly genesisHash: Uint8Array;
  readonly configuration: FederationConfiguration;
  readonly configurationHash: Uint8Array;
  readonly registries: Registries;
}

/**
 * Finds a federation and checks what the service says about it against the chain: the same chain,
 * the same program, the configuration whose hash is in the Federation account, and that
 * configuration's rules. It reads nothing that a private federation shows to members only, so a
 * future member can call it. Throws `service-unavailable`, `chain-unavailable`, `not-found`,
 * `wrong-chain` or `configuration-mismatch`.
 */
export async function openAccess(options: OpenFederationOptions): Promise<FederationAccess> {
  const { signal, keypair, registries = REGISTRIES } = options;
  const client = createServiceClient({ ...options.client, url: options.service });
  const connection = connectTo(options.rpc);
  const program = publicKey(options.program ?? PROGRAM_ID.toBase58(), "program");
  const view = await findFederation(client, options.federation, signal);
  const genesisHash = fromBase58(await connection.getGenesisHash().catch(unreachable(connection)));
  checkChain(view, genesisHash, program);
  const { address, aggregator, rewardMint, configuration, hash } = await checkedConfiguration(
    connection,
    view,
    registries,
  );
  const found = { connection, program, address, rewardMint, genesisHash, configuration };
  const access = { ...found, registries };
  if (configuration.visibility !== "private" || keypair === undefined)
    return { ...access, client, configurationHash: hash };
  const signer = await signerFor(keypair, { connection, program, aggregator });
  const signing = createServiceClient({ ...options.client, url: options.service, signer });
  return { ...access, client: signing, configurationHash: hash };
}

/** The configuration that the service shows, if its hash and its rules are those on chain. */
async function checkedConfiguration(
  connection: Connection,
  view: FederationView,
  registries: Registries,
) {
  const address = new PublicKey(view.address);
  const onChain = await requireFederation({ connection, address });
  const { configuration } = createAlgorithms(view.configuration, registries);
  const hash = configurationHash(configuration);
  if (!equalBytes(hash, onChain.configurationHash))
    throw new PlenaryError(
      "configuration-mismatch",
      "The service shows a configuration that the federation's members did not agree on: its hash is not the one on chain. Do not join through this service.",
      { expected: toHex(onChain.configurationHash), actual: toHex(hash) },
    );
  const problem = rulesProblem(onChain.rules, configuration, registries);
  if (problem !== null)
    throw new PlenaryError("configuration-mismatch", `Do not join this federation: ${problem}.`, {
      federation: address.toBase58(),
    });
  const { aggregator, rewardMint } = onChain;
  return { address, aggregator, rewardMint, configuration, hash };
}

function checkChain(view: FederationView, genesisHash: Uint8Array, program: PublicKey): void {
  if (view.genesisHash !== toHex(genesisHash))
    throw new PlenaryError(
      "wrong-chain",
      "The service and the RPC node are on different chains: check both URLs.",
      { service: view.genesisHash, rpc: toHex(genesisHash) },
    );
  if (view.programId !== toBase58(program.toBytes()))
    throw new PlenaryError(
      "wrong-chain",
      `The federation runs on the program ${view.programId}, not on ${program.toBase58()}. If you trust that deployment, name it as the program.`,
      { expected: program.toBase58(), actual: view.programId },
    );
}
