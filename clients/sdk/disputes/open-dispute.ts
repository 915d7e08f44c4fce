import {
  accountLength,
  DEPOSIT_DIVISOR,
  type Dispute,
  disputeOpen,
  readChainTime,
  readDispute,
  requireLamports,
  TransactionUnknown,
  tokensText,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { tokenBalance } from "../chain-state/index.ts";
import { type DisputeRun, send } from "./challenge.ts";
import type { DisputeEvent } from "./dispute-events.ts";

/** Pays the deposit and opens the dispute. Throws `not-found` once the challenge window is over. */
export async function openDispute(run: DisputeRun): Promise<Dispute> {
  const { verifier, evidence, federation, challenger, tokens, tokenProgram, subject } = run;
  const { round } = evidence;
  if (
    round.status !== "committed" ||
    (await readChainTime(verifier.connection)) >= round.challengeEndsAt
  )
    throw new PlenaryError(
      "not-found",
      `Round ${round.number} can no longer be disputed: its challenge window is over.`,
      { round: round.number.toString(), status: round.status },
    );
  await requireDeposit(run);
  await requireFees(run);
  const instructions = disputeOpen(verifier.program, {
    federation: verifier.address,
    rewardMint: federation.rewardMint,
    tokenProgram,
    number: round.number,
    challenger: challenger.publicKey,
    source: tokens,
    subject,
  });
  const transaction = await send(run, instructions).catch((error: unknown) =>
    signatureOf(run, error),
  );
  const dispute = await readDispute(verifier.connection, run.address);
  if (dispute === null)
    throw new PlenaryError(
      "chain-unavailable",
      "The node does not show the dispute that was opened.",
      {
        dispute: run.address.toBase58(),
      },
    );
  run.emit(opened(dispute, transaction));
  return dispute;
}

/** A dispute's account is made once, so it shows whether an opening of unknown fate took effect. */
async function signatureOf({ verifier, address }: DisputeRun, error: unknown): Promise<string> {
  if (!(error instanceof TransactionUnknown)) throw error;
  const dispute = await readDispute(verifier.connection, address).catch(() => null);
  if (dispute === null) throw error;
  return error.signature;
}

/** Transactions beside those that fold a leaf or its chunk. */
const SPARE_TRANSACTIONS = 64;

/** A challenger without SOL for all steps would lose its deposit half-way. */
async function requireFees({ verifier, challenger, evidence, subject }: DisputeRun): Promise<void> {
  const { updateCount, rewardCount } = evidence.round;
  const folded = { chunk: 2 * updateCount, total: rewardCount } as const;
  const folds = subject.kind === "chunk" || subject.kind === "total" ? folded[subject.kind] : 0;
  await requireLamports(verifier.connection, challenger.publicKey, {
    signatures: folds + SPARE_TRANSACTIONS,
    accounts: [accountLength("Dispute")],
  });
}

async function requireDeposit({
  verifier,
  federation,
  challenger,
  tokens,
  decimals,
}: DisputeRun): Promise<void> {
  const share = federation.minimumBond / DEPOSIT_DIVISOR;
  const deposit = share > 0n ? share : 1n;
  const balance = await tokenBalance(verifier.connection, tokens);
  if (balance >= deposit) return;
  throw new PlenaryError(
    "invalid-input",
    `A dispute needs a deposit of ${tokensText(deposit, decimals)} of the reward token ${federation.rewardMint.toBase58()}; ${challenger.publicKey.toBase58()} holds ${tokensText(balance, decimals)}.`,
    { deposit: deposit.toString(), balance: balance.toString() },
  );
}

export function opened(dispute: Dispute, transaction: string | null): DisputeEvent {
  const { address, kind, index, deposit } = dispute;
  return { type: "dispute-opened", dispute: address.toBase58(), kind, index, deposit, transaction };
}
