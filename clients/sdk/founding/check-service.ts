import { PROGRAM_ID, unreachable } from "@plenary/chain";
import { ENDPOINTS, fromBase58, PlenaryError, toHex } from "@plenary/protocol";
import type { CreateFederationOptions } from "./create-options.ts";

/**
 * Asks the service before anything is paid: that it is there, that it is the one whose key the
 * federation will name, on the same chain and program, that it knows every plug-in, and that it
 * takes blobs of this size. Throws what the service refuses, `configuration-mismatch`,
 * `wrong-chain`, `invalid-input` and `service-unavailable`.
 */
export async function checkService(options: CreateFederationOptions): Promise<void> {
  const { client, connection, plan, signal } = options;
  const { configuration } = plan;
  const service = await client.call(ENDPOINTS.federationCheck, { body: { configuration }, signal });
  const aggregator = options.aggregator.publicKey.toBase58();
  if (service.aggregator !== aggregator)
    throw new PlenaryError(
      "configuration-mismatch",
      `The service at ${client.url} aggregates with the key ${service.aggregator}, not with ${aggregator}: give the keypair file of that service.`,
      { expected: service.aggregator, actual: aggregator },
    );
  const genesisHash = toHex(
    fromBase58(await connection.getGenesisHash().catch(unreachable(connection))),
  );
  const program = (options.program ?? PROGRAM_ID).toBase58();
  if (service.genesisHash !== genesisHash)
    throw new PlenaryError(
      "wrong-chain",
      "The service and the RPC node are on different chains: check both URLs.",
      { service: service.genesisHash, rpc: genesisHash },
    );
  if (service.programId !== program)
    throw new PlenaryError(
      "wrong-chain",
      `The service works with the program ${service.programId}, not with ${program}: name that program.`,
      { expected: service.programId, actual: program },
    );
  for (const [hash, { length }] of plan.blobs)
    if (length > service.maxBlobBytes)
      throw new PlenaryError(
        "invalid-input",
        `The blob ${hash} has ${length} bytes, and the service takes ${service.maxBlobBytes}: let its operator raise PLENARY_MAX_BLOB_BYTES, or choose a smaller questionnaire or predictor.`,
        { hash, length, limit: service.maxBlobBytes },
      );
}
