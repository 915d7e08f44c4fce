import { unreachable } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { pause } from "@plenary/service";
import { type Connection, LAMPORTS_PER_SOL, type PublicKey } from "@solana/web3.js";

/**
 * Asks a development chain for SOL and waits until it has arrived. Throws `chain-unavailable` where the node gives none: main networks do
 * not.
 */
export async function requestSol(
  connection: Connection,
  owner: PublicKey,
  sol: number,
  signal?: AbortSignal,
): Promise<string> {
  const signature = await connection
    .requestAirdrop(owner, Math.round(sol * LAMPORTS_PER_SOL))
    .catch((cause: unknown) => {
      throw new PlenaryError(
        "chain-unavailable",
        "The node gives no SOL away: only development chains do. Send some from a funded account.",
        { endpoint: new URL(connection.rpcEndpoint).host },
        { cause },
      );
    });
  for (;;) {
    const { value } = await connection
      .getSignatureStatuses([signature])
      .catch(unreachable(connection));
    const status = value[0]?.confirmationStatus;
    if (status === "confirmed" || status === "finalized") return signature;
    await pause(200, signal);
  }
}
