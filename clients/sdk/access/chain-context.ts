import { PROGRAM_ID, unreachable } from "@plenary/chain";
import { fromBase58 } from "@plenary/protocol";
import type { ChainAccess } from "../chain-state/index.ts";
import { connectTo, publicKey } from "./connection.ts";

/** A federation as the chain alone shows it, and the chain it is on. */
export interface ChainContext extends ChainAccess {
  readonly genesisHash: Uint8Array;
}

/** How to reach a federation on chain, without its service. */
export interface OpenChainOptions {
  /** URL of a Solana RPC node. */
  readonly rpc: string;
  /** Address of the federation. */
  readonly federation: string;
  /** Address of the program, for a deployment of your own. */
  readonly program?: string | undefined;
}

/**
 * Opens a federation without a service, for operations that need neither its configuration nor
 * public bytes. Throws `invalid-input` on a malformed address or URL, and `chain-unavailable`.
 */
export async function openChainContext({
  rpc,
  federation,
  program = PROGRAM_ID.toBase58(),
}: OpenChainOptions): Promise<ChainContext> {
  const connection = connectTo(rpc);
  return {
    connection,
    program: publicKey(program, "program"),
    address: publicKey(federation, "federation"),
    genesisHash: fromBase58(await connection.getGenesisHash().catch(unreachable(connection))),
  };
}
