import { PlenaryError } from "@plenary/protocol";
import { type Connection, SYSVAR_CLOCK_PUBKEY } from "@solana/web3.js";
import { unreachable } from "./errors.ts";

/** Offset of the Unix time in the Clock sysvar. */
const TIME_OFFSET = 32;

/** Unix seconds as text: `2026-11-28T07:29:20.000Z`. */
export function instant(seconds: bigint): string {
  return new Date(1000 * Number(seconds)).toISOString();
}

/**
 * The chain's own time in Unix seconds. Programs judge deadlines by it. Throws `chain-unavailable`.
 */
export async function readChainTime(connection: Connection): Promise<bigint> {
  const account = await connection
    .getAccountInfo(SYSVAR_CLOCK_PUBKEY, "confirmed")
    .catch(unreachable(connection));
  if (account === null)
    throw new PlenaryError(
      "chain-unavailable",
      "The Solana node does not show the chain's clock.",
      {
        endpoint: new URL(connection.rpcEndpoint).host,
      },
    );
  const { buffer, byteOffset, byteLength } = account.data;
  return new DataView(buffer, byteOffset, byteLength).getBigInt64(TIME_OFFSET, true);
}
