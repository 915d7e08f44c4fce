import { type Federation, readFederation } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";

/** All that rights and money need: the chain. The service may be down or unwilling. */
export interface ChainAccess {
  readonly connection: Connection;
  readonly program: PublicKey;
  /** Address of the federation. */
  readonly address: PublicKey;
}

/** Options that every function that asks the chain takes: `signal` ends its waits. */
export interface ChainOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The Federation account as it is now. Throws `not-found`. */
export async function requireFederation({
  connection,
  address,
}: Pick<ChainAccess, "connection" | "address">): Promise<Federation> {
  const federation = await readFederation(connection, address);
  if (federation !== null) return federation;
  throw new PlenaryError(
    "not-found",
    `There is no federation ${address.toBase58()} on this chain: check its address and the URL of the RPC node.`,
    { federation: address.toBase58() },
  );
}
