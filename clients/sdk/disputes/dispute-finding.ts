import type { Proof } from "@plenary/algorithms";
import { readRound, roundAddress } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { isDisputable, needsChunk, type Verifier } from "../verification/index.ts";
import type { DisputeOptions } from "./challenge.ts";
import type { DisputeOutcome } from "./dispute-events.ts";
import { collectEvidence } from "./evidence.ts";
import { runDispute } from "./run-dispute.ts";
import { subjectOf } from "./subject.ts";

/** A dispute of a provable finding of `verifyRound`, and the key that pays the deposit. */
export interface DisputeFinding extends DisputeOptions {
  /** Pays the deposit and the fees. If the dispute is upheld, it receives half of the bond. */
  readonly challenger: Keypair;
  /** Number of the round. */
  readonly round: bigint;
  /** The finding of a verification, if a dispute proves it. */
  readonly proof: Proof;
}

/**
 * Proves on chain what a verification has found, and sees the dispute through. Called again, it
 * continues where it stopped. Throws `invalid-input` if no dispute proves the finding, and the
 * errors of `runDispute`.
 */
export async function disputeFinding(
  verifier: Verifier,
  { challenger, round: number, proof, ...options }: DisputeFinding,
): Promise<DisputeOutcome> {
  const { connection, program, address } = verifier;
  // A void round is read too: this very dispute may have voided it, and its outcome is still to be
  // told.
  const round = await readRound(connection, roundAddress(program, address, number));
  if (round === null)
    throw new PlenaryError("not-found", `Round ${number} is not on chain.`, {
      round: number.toString(),
    });
  if (!isDisputable(proof, round.rules) && needsChunk(proof)) throw replayOnly(number);
  const evidence = await collectEvidence(verifier, round);
  return runDispute(
    { verifier, challenger, evidence, subject: subjectOf(proof, evidence) },
    options,
  );
}

/** Thrown before anything is sent, because the program would refuse the dispute. */
function replayOnly(round: bigint): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    `Round ${round} is replay-only: the program does not know the round's rules, so no dispute can prove a wrong chunk. A replay of the round shows what is wrong.`,
    { round: round.toString() },
  );
}
