import type { DisputeSubject, Federation } from "@plenary/chain";
import { disputeOf, sendTransaction } from "@plenary/chain";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import type { ChainContext } from "../access/index.ts";
import { requireFederation, rewardTokensOf } from "../chain-state/index.ts";
import type { DisputeEvent } from "./dispute-events.ts";
import type { Evidence } from "./evidence.ts";

/**
 * How a dispute is watched: events, milliseconds between looks at the chain, and a signal to stop.
 */
export interface DisputeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: DisputeEvent) => void) | undefined;
  /**
   * Milliseconds between reads of the chain while the aggregator's time runs, and after a failure;
   * 2,000 by default.
   */
  readonly pollInterval?: number | undefined;
}

/** One challenge of one committed round. */
export interface Challenge {
  readonly verifier: ChainContext;
  /** Pays deposit and fees, and receives the reward. */
  readonly challenger: Keypair;
  readonly evidence: Evidence;
  readonly subject: DisputeSubject;
}

/** A challenge at work. */
export interface DisputeRun extends Challenge {
  readonly options: DisputeOptions;
  readonly federation: Federation;
  readonly tokenProgram: PublicKey;
  /** The challenger's account of the reward token. */
  readonly tokens: PublicKey;
  /** Digits after the point of an amount of it. */
  readonly decimals: number;
  readonly address: PublicKey;
  emit(event: DisputeEvent): void;
}

/** Everything that the steps of a challenge share. */
export async function prepare(challenge: Challenge, options: DisputeOptions): Promise<DisputeRun> {
  const { verifier, evidence, challenger, subject } = challenge;
  const { connection, program, address: federationAddress } = verifier;
  const federation = await requireFederation(verifier);
  const { tokenProgram, account, decimals } = await rewardTokensOf(
    connection,
    federation,
    challenger.publicKey,
  );
  return {
    ...challenge,
    options,
    federation,
    tokenProgram,
    tokens: account,
    decimals,
    address: disputeOf(
      program,
      federationAddress,
      evidence.round.number,
      challenger.publicKey,
      subject,
    ),
    emit: (event) => options.onEvent?.(event),
  };
}

export function send(
  { verifier, challenger, options }: DisputeRun,
  instructions: TransactionInstruction[],
) {
  return sendTransaction(verifier.connection, instructions, [challenger], {
    ...(options.signal && { signal: options.signal }),
  });
}
