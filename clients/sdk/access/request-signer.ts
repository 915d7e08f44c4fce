import { unreachable } from "@plenary/chain";
import { fromBase58 } from "@plenary/protocol";
import type { RequestSigner } from "@plenary/service";
import type { Connection, Keypair, PublicKey } from "@solana/web3.js";

/**
 * Signs requests for the service whose aggregator a federation names on chain, whatever the service
 * says about itself.
 */
export async function signerFor(
  keypair: Keypair,
  {
    connection,
    program,
    aggregator,
  }: { connection: Connection; program: PublicKey; aggregator: PublicKey },
): Promise<RequestSigner> {
  const genesisHash = fromBase58(await connection.getGenesisHash().catch(unreachable(connection)));
  const service = { genesisHash, programId: program.toBytes(), aggregator: aggregator.toBytes() };
  return { secretKey: keypair.secretKey, service };
}
