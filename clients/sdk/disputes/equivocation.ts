import {
  equivocationAddress,
  equivocationOpen,
  memberEquivocation,
  readEquivocation,
  sendTransaction,
  tokenAccountCreate,
} from "@plenary/chain";
import {
  checkEquivocation,
  type EquivocationEvidence,
  envelopeHash,
  equalBytes,
  fromBase58,
  fromBase64,
  PlenaryError,
} from "@plenary/protocol";
import { type Keypair, PublicKey, type TransactionInstruction } from "@solana/web3.js";
import type { ChainContext } from "../access/index.ts";
import { requireFederation, rewardTokensOf } from "../chain-state/index.ts";

/** The result of a report. */
export interface EquivocationReport {
  readonly member: PublicKey;
  readonly round: bigint;
  readonly sequence: bigint;
  /** The transaction that took the stake. Half of it goes to the reporter. */
  readonly transaction: string;
}

/**
 * Shows the chain two envelopes that a member signed with one sequence, one in each of two
 * transactions. Called again after a failure, it continues with the second. Throws
 * `verification-failed` if the envelopes prove nothing, and `transaction-failed` if the program
 * refuses them.
 */
export async function reportEquivocation(
  verifier: ChainContext,
  reporter: Keypair,
  evidence: EquivocationEvidence,
  signal?: AbortSignal,
): Promise<EquivocationReport> {
  const { connection, program, address: federation } = verifier;
  const { member: memberBytes, round, sequence, ...envelope } = checkEquivocation(evidence);
  if (!equalBytes(envelope.federation, federation.toBytes()))
    throw new PlenaryError("invalid-input", "The envelopes are of another federation.", {
      federation: federation.toBase58(),
    });
  const member = new PublicKey(memberBytes);
  const at = equivocationAddress(program, member, reporter.publicKey, round, sequence);
  const send = (instructions: TransactionInstruction[]) =>
    sendTransaction(connection, instructions, [reporter], { signal });
  const subject = { member, reporter: reporter.publicKey, round, sequence };
  if ((await readEquivocation(connection, at)) === null)
    await send(equivocationOpen(program, { ...subject, envelope: signedOf(evidence, "first") }));
  const recorded = await readEquivocation(connection, at);
  const rest =
    recorded !== null &&
    equalBytes(recorded.envelopeHash, envelopeHash(fromBase64(evidence.first.envelope)))
      ? "second"
      : "first";
  const { rewardMint } = await requireFederation(verifier);
  const { tokenProgram, account: tokens } = await rewardTokensOf(
    connection,
    { rewardMint },
    reporter.publicKey,
  );
  const slash = memberEquivocation(program, {
    ...subject,
    federation,
    rewardMint,
    tokenProgram,
    reporterTokens: tokens,
    envelope: signedOf(evidence, rest),
  });
  await send(
    tokenAccountCreate({
      payer: reporter.publicKey,
      mint: rewardMint,
      owner: reporter.publicKey,
      tokenProgram,
    }),
  );
  return { member, round, sequence, transaction: await send(slash) };
}

function signedOf(evidence: EquivocationEvidence, which: "first" | "second") {
  const { envelope, signature } = evidence[which];
  return {
    message: fromBase64(envelope),
    signature: fromBase64(signature),
    key: fromBase58(evidence.signingKey),
  };
}
