import { readLamports, TransactionUnknown, unreachable } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { pause } from "@plenary/service";
import { type Connection, LAMPORTS_PER_SOL, type PublicKey } from "@solana/web3.js";
import { readChanged } from "../chain-state/index.ts";

/** SOL that a development chain gave. */
export interface Airdrop {
  /** Signature, base58. */
  readonly transaction: string;
  /** Lamports that the account held before, and that it holds now. */
  readonly before: bigint;
  readonly after: bigint;
}

const LOOK_MILLISECONDS = 200;
/** A node that has not confirmed its own transaction after these looks will not. */
const MOST_LOOKS = 300;

/**
 * Asks a development chain for SOL and waits until it has arrived. Throws `chain-unavailable` where
 * the node gives none, as on main networks, and `transaction-unknown` if it does not arrive.
 */
export async function requestSol(
  connection: Connection,
  owner: PublicKey,
  sol: number,
  signal?: AbortSignal,
): Promise<Airdrop> {
  const before = await readLamports(connection, owner);
  const transaction = await connection
    .requestAirdrop(owner, Math.round(sol * LAMPORTS_PER_SOL))
    .catch((cause: unknown) => {
      throw new PlenaryError(
        "chain-unavailable",
        "This node does not grant airdrops; only development chains do. Send SOL from a funded account.",
        { endpoint: new URL(connection.rpcEndpoint).host },
        { cause },
      );
    });
  for (let look = 0; look < MOST_LOOKS; look++) {
    const { value } = await connection
      .getSignatureStatuses([transaction], { searchTransactionHistory: true })
      .catch(unreachable(connection));
    const status = value[0]?.confirmationStatus;
    if (status === "confirmed" || status === "finalized") {
      const after = await readChanged(() => readLamports(connection, owner), before);
      return { transaction, before, after };
    }
    await pause(LOOK_MILLISECONDS, signal);
  }
  throw new TransactionUnknown(transaction, "the node does not show it");
}
