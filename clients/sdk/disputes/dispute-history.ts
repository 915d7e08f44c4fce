import { findDisputeEnding, readTransaction, unreachable } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Connection, PublicKey, VersionedTransactionResponse } from "@solana/web3.js";
import type { DisputeCosts, DisputeOutcome } from "./dispute-events.ts";

/** Most signatures that one RPC call lists. */
const PAGE = 1_000;
const SIGNATURE_BYTES = 64;

/**
 * Reads how a dispute ended and what it cost from the transactions of its account, so nothing about
 * it has to be remembered. Null if no transaction ended it. If an address was disputed several
 * times, the last dispute counts.
 */
export async function readOutcome(
  connection: Connection,
  program: PublicKey,
  dispute: PublicKey,
  challenger: PublicKey,
): Promise<DisputeOutcome | null> {
  const signatures = await signaturesOf(connection, dispute);
  // Not always the newest: anyone can name the address of a dispute that is over.
  const ending = await findDisputeEnding(connection, program, dispute, signatures);
  if (ending === null) return null;
  return {
    dispute: dispute.toBase58(),
    ...ending,
    costs: await costsOf(connection, signatures, challenger),
  };
}

/** Newest first, without the transactions that the chain refused. */
async function signaturesOf(connection: Connection, dispute: PublicKey): Promise<string[]> {
  const found: string[] = [];
  for (let before: string | undefined; ; ) {
    const page = await connection
      .getSignaturesForAddress(
        dispute,
        { limit: PAGE, ...(before !== undefined && { before }) },
        "confirmed",
      )
      .catch(unreachable(connection));
    found.push(...page.filter(({ err }) => err === null).map(({ signature }) => signature));
    if (page.length < PAGE) return found;
    before = page.at(-1)?.signature;
  }
}

async function costsOf(
  connection: Connection,
  signatures: readonly string[],
  challenger: PublicKey,
): Promise<DisputeCosts> {
  const costs = { transactions: 0, bytes: 0, computeUnits: 0, lamports: 0 };
  for (const signature of signatures) {
    const { transaction, meta } = await transactionOf(connection, signature);
    const payer = transaction.message.getAccountKeys().get(0);
    if (payer === undefined || !payer.equals(challenger)) continue;
    costs.transactions += 1;
    costs.bytes +=
      transaction.message.serialize().length + 1 + SIGNATURE_BYTES * transaction.signatures.length;
    costs.computeUnits += meta?.computeUnitsConsumed ?? 0;
    costs.lamports += meta?.fee ?? 0;
  }
  return costs;
}

async function transactionOf(
  connection: Connection,
  signature: string,
): Promise<VersionedTransactionResponse> {
  const found = await readTransaction(connection, signature);
  if (found !== null) return found;
  throw new PlenaryError(
    "chain-unavailable",
    `The Solana node does not show the transaction ${signature}, which it lists.`,
    { signature },
  );
}
