import { REGISTRIES } from "@plenary/algorithms";
import { federationAddress, PROGRAM_ID, readFederation } from "@plenary/chain";
import { ENDPOINTS, type FederationView } from "@plenary/protocol";
import { checkRegistrable } from "@plenary/training";
import type { PublicKey } from "@solana/web3.js";
import { signerFor } from "../access/index.ts";
import { checkService } from "./check-service.ts";
import { createAccount, sameFederation } from "./create-account.ts";
import type { CreateFederationOptions } from "./create-options.ts";
import { fundVault, postBond } from "./first-funds.ts";
import { requireFunds } from "./require-funds.ts";

/** A federation that is on chain and registered with its service. */
export interface CreatedFederation {
  readonly address: PublicKey;
  readonly rewardMint: PublicKey;
  readonly view: FederationView;
}

/**
 * Runs every check of `createFederation`, and sends nothing: that service and chain are there and
 * fit together, that the service would register the configuration, and that both keys can pay.
 * Throws what is wrong, and `conflict` if a federation with another configuration has the id.
 */
export async function checkFounding(options: CreateFederationOptions): Promise<void> {
  const { connection, authority, plan, registries = REGISTRIES } = options;
  checkRegistrable(plan.configuration, registries);
  const program = options.program ?? PROGRAM_ID;
  const address = federationAddress(program, authority.publicKey, options.id ?? 1n);
  await checkService(options);
  const existing = await readFederation(connection, address);
  if (existing !== null) sameFederation(existing, plan);
  await requireFunds(options, address);
}

/**
 * Creates a federation on chain, funds its vault, posts the aggregator's bond, uploads its blobs
 * and registers it with the service. Each step looks first at what is done already, so the call can
 * be repeated after a failure. All that can be refused is refused first (`checkFounding`).
 * Throws `conflict` if a
 * federation with another configuration has the id, `insufficient-funds`, `transaction-failed`,
 * `transaction-unknown`, `chain-unavailable`, and the service's refusals.
 */
export async function createFederation(
  options: CreateFederationOptions,
): Promise<CreatedFederation> {
  const { authority, client, plan } = options;
  await checkFounding(options);
  const program = options.program ?? PROGRAM_ID;
  const address = federationAddress(program, authority.publicKey, options.id ?? 1n);
  const federation = await createAccount(options, program, address);
  const { rewardMint } = federation;
  await fundVault(options, program, federation);
  await postBond(options, program, federation);
  const signer = await signerFor(authority, {
    connection: options.connection,
    program,
    aggregator: options.aggregator.publicKey,
  });
  for (const [hash, body] of plan.blobs) {
    await client.call(ENDPOINTS.blobWrite, {
      params: { hash },
      body,
      signer,
      signal: options.signal,
    });
    options.onStep?.({ step: "blob", reference: hash });
  }
  const view = await client.call(ENDPOINTS.federationRegister, {
    body: { address: address.toBase58(), configuration: plan.configuration },
    signer,
    signal: options.signal,
  });
  options.onStep?.({ step: "register", reference: null });
  return { address, rewardMint, view };
}
