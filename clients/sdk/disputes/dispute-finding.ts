import type { Proof } from "@plenary/algorithms";
import { readRound, roundAddress } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { isDisputable, needsChunk, type Verifier } from "../verification/index.ts";
import type { DisputeOutcome } from "./dispute-events.ts";
import { collectEvidence } from "./evidence.ts";
import { type DisputeOptions, runDispute } from "./run-dispute.ts";
import { subjectOf } from "./subject.ts";

export interface DisputeFinding extends DisputeOptions {
  /** Pays the deposit and the fees; is paid half of the bond where the dispute is upheld. */
  readonly challenger: Keypair;
  /** Number of the round. */
  readonly round: bigint;
  /** What a verification has found, as far as a dispute proves it. */
  readonly proof: Proof;
}

/**
 * Proves on chain what a verification has found, and sees the dispute through; called again, it goes on where it was. Throws `invalid-input`
 * if nothing proves it, and as runDispute does.
 */
export async function disputeFinding(
  verifier: Verifier,
  { challenger, round: number, proof, ...options }: DisputeFinding,
): Promise<DisputeOutcome> {
  const { connection, program, address } = verifier;
  // A void round too: the dispute may be what has voided it, and its end still to be told.
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

/** Before anything is sent: the program would refuse the dispute. */
function replayOnly(round: bigint): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    `Round ${round} is replay-only: the program does not know the round's rules, so that no dispute can prove a wrong chunk. A replay of the round shows what is wrong.`,
    { round: round.toString() },
  );
}
