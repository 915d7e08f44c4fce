import { federationAddress, readFederation } from "@plenary/chain";
import { ENDPOINTS, PlenaryError, toHex } from "@plenary/protocol";
import type { ServiceClient } from "@plenary/sdk";
import type { Connection, Keypair, PublicKey } from "@solana/web3.js";
import { LocalStackError } from "./errors.ts";
import { foundFederation } from "./found-federation.ts";
import type { Home } from "./home.ts";
import { keepKeypair } from "./keys.ts";
import type { FederationPlan } from "./plan-federation.ts";

/** What of a plan stands on chain or lies with the service. */
export type FoundingPlan = Pick<
  FederationPlan,
  "configuration" | "configurationHash" | "modelRoot" | "rewardPerRound" | "blobs"
>;

export interface OpenSettings {
  readonly home: Home;
  readonly connection: Connection;
  readonly program: PublicKey;
  readonly service: ServiceClient;
  readonly plan: FoundingPlan;
  /** Number of the federation in this home. */
  readonly id: number;
}

export interface OpenedFederation {
  readonly address: PublicKey;
  readonly authority: Keypair;
  readonly mint: PublicKey;
}

/**
 * The federation of a plan, on chain and known to the service. One that is half founded is finished, one that exists is
 * continued. Throws `run-failed` when what is on chain was made from another plan.
 */
export async function openFederation(settings: OpenSettings): Promise<OpenedFederation> {
  const { home, connection, program, service, plan, id } = settings;
  const authority = keepKeypair(home, "authority");
  const mint = keepKeypair(home, `mint-${id}`);
  const address = federationAddress(program, authority.publicKey, BigInt(id));
  const known = await readFederation(connection, address);
  if (known !== null && toHex(known.configurationHash) !== toHex(plan.configurationHash)) {
    throw new LocalStackError(
      "run-failed",
      `Federation ${address.toBase58()} was founded with another configuration than this version of Plenary makes from the same options. Begin another with --fresh, or use the version that founded it.`,
      { federation: address.toBase58() },
    );
  }
  const { limits, rounds, parameterCount } = plan.configuration;
  await foundFederation({
    connection,
    program,
    authority,
    aggregator: keepKeypair(home, "aggregator"),
    mint,
    id: BigInt(id),
    configurationHash: plan.configurationHash,
    modelRoot: plan.modelRoot,
    parameterCount,
    limits,
    collectSeconds: rounds.deadlineSeconds,
    graceSeconds: rounds.graceSeconds,
    rewardPerRound: plan.rewardPerRound,
    rewards: plan.rewardPerRound * BigInt(rounds.total),
  });
  await register(service, plan, address, authority);
  return { address, authority, mint: mint.publicKey };
}

/** Hands the configuration and the public bytes that it names to the service, unless it has them. */
async function register(
  service: ServiceClient,
  plan: FoundingPlan,
  address: PublicKey,
  authority: Keypair,
): Promise<void> {
  const federation = address.toBase58();
  try {
    await service.call(ENDPOINTS.federationRead, { params: { federation } });
    return;
  } catch (error) {
    if (!(error instanceof PlenaryError && error.code === "not-found")) throw error;
  }
  const signer = authority.secretKey;
  for (const { hash, bytes } of plan.blobs) {
    await service.call(ENDPOINTS.blobWrite, { params: { hash }, body: bytes, signer });
  }
  await service.call(ENDPOINTS.federationRegister, {
    body: { address: federation, configuration: plan.configuration },
    signer,
  });
}
