import {
  checkOmission,
  type OmissionProof,
  proveOmission,
  type ReceiptedRound,
  type SignedReceipt,
} from "@plenary/algorithms";
import type { Round } from "@plenary/chain";
import {
  decodeReceipt,
  decodeUpdateLeaf,
  equalBytes,
  fromBase58,
  fromBase64,
  fromHex,
  PlenaryError,
} from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import type { ChainContext } from "../access/index.ts";
import { readRoundRecord } from "../member-store/index.ts";
import type { Remedy } from "../remedy.ts";
import type { Verifier } from "../verification/index.ts";
import { readCommitted } from "../verification/index.ts";
import type { DisputeOptions } from "./challenge.ts";
import type { DisputeOutcome } from "./dispute-events.ts";
import { collectEvidence, type Evidence } from "./evidence.ts";
import { runDispute } from "./run-dispute.ts";

/**
 * The receipt for a round that a member keeps in its state folder. Throws `not-found` if there is
 * none.
 */
export async function readReceipt(folder: string, round: bigint): Promise<SignedReceipt> {
  const record = await readRoundRecord(folder, round);
  if (record?.receipt == null)
    throw new PlenaryError("not-found", `${folder} has no receipt for round ${round}.`, {
      folder,
      round: round.toString(),
    });
  const { receipt, signature } = record.receipt;
  return { message: fromBase64(receipt), signature: fromBase64(signature) };
}

/**
 * Makes a file that proves to anyone that a committed round has no leaf for a receipt. Throws
 * `verification-failed` if the round has the leaf, and `not-found` if the round has no result or
 * its leaves are withheld.
 */
export async function omissionOf(
  verifier: Verifier,
  receipt: SignedReceipt,
): Promise<OmissionProof> {
  const { round: number } = decodeReceipt(receipt.message);
  const round = await readCommitted(verifier, number);
  const { leaves } = await collectEvidence(verifier, round);
  if (leaves === null) throw leavesWithheld(round);
  const proof = proveOmission(receipt, leaves, receiptedRound(round));
  await checkOmissionProof(verifier, proof);
  return proof;
}

/**
 * A chunk's dispute makes the aggregator show its leaves; a replay-only round has no such dispute.
 */
function leavesWithheld({ number, rules }: Round): PlenaryError {
  const text = `The leaves of round ${number} are withheld`;
  const context = { round: number.toString() };
  if (!rules.provable)
    return new PlenaryError(
      "not-found",
      `${text}, and the round is replay-only: no dispute makes the aggregator show them.`,
      context,
    );
  return new PlenaryError(
    "not-found",
    `${text}. Dispute the round, so that the aggregator must show them.`,
    { ...context, remedy: "dispute-round" satisfies Remedy },
  );
}

/**
 * Checks a proof of omission against the Round account. Returns what it proves, in a sentence.
 * Throws the errors of `checkOmission`.
 */
export async function checkOmissionProof(
  verifier: ChainContext,
  proof: OmissionProof,
): Promise<string> {
  const { round: number, federation } = decodeReceipt(fromBase64(proof.receipt));
  if (!equalBytes(federation, verifier.address.toBytes()))
    throw new PlenaryError(
      "invalid-input",
      "The receipt is of another federation than the one asked about: name that federation.",
      {
        federation: verifier.address.toBase58(),
        remedy: "name-federation" satisfies Remedy,
      },
    );
  const round = await readCommitted(verifier, number);
  return checkOmission(proof, receiptedRound(round), {
    genesisHash: verifier.genesisHash,
    programId: verifier.program.toBytes(),
    federation,
    round: number,
  });
}

/**
 * A dispute of a missing leaf, by a receipt and two neighbours, and the key that pays the deposit.
 */
export interface SubmitOmission extends DisputeOptions {
  /** Pays deposit and fees. It need not be the member. */
  readonly challenger: Keypair;
  readonly proof: OmissionProof;
}

/**
 * Proves an omission on chain, with the proof alone. The round becomes void, and half of the bond
 * goes to the challenger. A proof that does not hold is refused before a deposit is paid. Throws
 * the errors of `checkOmissionProof` and `runDispute`.
 */
export async function submitOmission(
  verifier: ChainContext,
  { challenger, proof, ...options }: SubmitOmission,
): Promise<DisputeOutcome> {
  await checkOmissionProof(verifier, proof);
  const message = fromBase64(proof.receipt);
  const round = await readCommitted(verifier, decodeReceipt(message).round);
  const receipt = {
    message,
    signature: fromBase64(proof.signature),
    key: fromBase58(proof.aggregator),
  };
  const evidence = evidenceIn(proof, round);
  return runDispute(
    { verifier, challenger, evidence, subject: { kind: "omission", receipt } },
    options,
  );
}

/**
 * What an omission's dispute is fed with: the leaves in the file, whose proofs the chain checks
 * too.
 */
function evidenceIn({ leaves }: OmissionProof, round: Round): Evidence {
  const unknown = async () => null;
  const shown = leaves.map(({ index, leaf, path }) => ({
    index,
    leaf: decodeUpdateLeaf(fromBase64(leaf)),
    path: path.map((hash) => fromHex(hash, 32)),
  }));
  const absent = { leaves: null, rewards: null, earned: null };
  const asked = {
    delta: unknown,
    vector: unknown,
    hidden: unknown,
    answeredChunk: unknown,
    leafProof: unknown,
  };
  return { ...absent, ...asked, round, shown };
}

function receiptedRound({ aggregator, updatesRoot, updateCount }: Round): ReceiptedRound {
  return { aggregator: aggregator.toBytes(), updatesRoot, updateCount };
}
