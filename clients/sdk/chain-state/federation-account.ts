import { type Federation, readFederation, unreachable } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";
import type { Remedy } from "../remedy.ts";

/** What rights and money need: the chain alone, for the service may be down, or unwilling. */
export interface ChainAccess {
  readonly connection: Connection;
  readonly program: PublicKey;
  /** Address of the federation. */
  readonly address: PublicKey;
}

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

/** Throws `invalid-input` where an account could pay no fee: the chain's own refusal does not say what is missing. */
export async function requireFees(connection: Connection, payer: PublicKey): Promise<void> {
  if ((await connection.getBalance(payer, "confirmed").catch(unreachable(connection))) > 0) return;
  throw new PlenaryError(
    "invalid-input",
    `${payer.toBase58()} has no SOL, and pays this transaction's fee. Send it some.`,
    { account: payer.toBase58(), remedy: "ask-development-chain" satisfies Remedy },
  );
}
