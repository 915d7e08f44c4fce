import {
  type Dispute,
  type DisputeSubject,
  disputeOf,
  disputeOpen,
  disputeResolve,
  type Federation,
  readChainTime,
  readDispute,
  readFederation,
  sendTransaction,
  TransactionFailed,
  TransactionUnknown,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { isOutage, pause } from "@plenary/service";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import type { ChainContext } from "../access/index.ts";
import { requireFederation, rewardTokensOf, tokenBalance } from "../chain-state/index.ts";
import type { DisputeEvent, DisputeOutcome } from "./dispute-events.ts";
import { readOutcome } from "./dispute-history.ts";
import type { Evidence } from "./evidence.ts";
import { type DisputeStep, nextStep, type SentStep } from "./next-step.ts";

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

const POLL_MILLISECONDS = 2_000;
/**
 * A step that the program refuses this often while the dispute does not change will never be taken.
 */
const MOST_REFUSALS = 3;

interface Run extends Challenge {
  readonly options: DisputeOptions;
  readonly federation: Federation;
  readonly tokenProgram: PublicKey;
  /** The challenger's account of the reward token. */
  readonly tokens: PublicKey;
  readonly address: PublicKey;
  emit(event: DisputeEvent): void;
}

/**
 * Opens a dispute, or continues it, and sees it through: feeds it, demands what is withheld, waits
 * for deadlines, resolves it. All its state is in the Dispute account, so it can be killed and
 * called again at any moment. It outlasts outages. Throws `invalid-input` if the challenger cannot
 * pay the deposit, `not-found` if the round's window is over, and `transaction-failed`.
 */
export async function runDispute(
  challenge: Challenge,
  options: DisputeOptions = {},
): Promise<DisputeOutcome> {
  const run = await prepare(challenge, options);
  let dispute = await readDispute(run.verifier.connection, run.address);
  if (dispute === null) {
    const ended = await outcomeOf(run);
    if (ended !== null) return ended;
    dispute = await open(run);
  } else run.emit(opened(dispute, null));
  return seeThrough(run, dispute);
}

async function prepare(challenge: Challenge, options: DisputeOptions): Promise<Run> {
  const { verifier, evidence, challenger, subject } = challenge;
  const { connection, program, address: federationAddress } = verifier;
  const federation = await requireFederation(verifier);
  const { tokenProgram, account } = await rewardTokensOf(
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

async function open(run: Run): Promise<Dispute> {
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
  const transaction = await send(
    run,
    disputeOpen(verifier.program, {
      federation: verifier.address,
      rewardMint: federation.rewardMint,
      tokenProgram,
      number: round.number,
      challenger: challenger.publicKey,
      source: tokens,
      subject,
    }),
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

/** As in the program: a sixteenth of the minimum bond, at least 1. */
const DEPOSIT_DIVISOR = 16n;

async function requireDeposit({ verifier, federation, challenger, tokens }: Run): Promise<void> {
  const share = federation.minimumBond / DEPOSIT_DIVISOR;
  const deposit = share > 0n ? share : 1n;
  const balance = await tokenBalance(verifier.connection, tokens);
  if (balance >= deposit) return;
  throw new PlenaryError(
    "invalid-input",
    `A dispute needs a deposit of ${deposit} base units of the reward token ${federation.rewardMint.toBase58()}; ${challenger.publicKey.toBase58()} holds ${balance}.`,
    { deposit: deposit.toString(), balance: balance.toString() },
  );
}

function opened(dispute: Dispute, transaction: string | null): DisputeEvent {
  const { address, kind, index, deposit } = dispute;
  return { type: "dispute-opened", dispute: address.toBase58(), kind, index, deposit, transaction };
}

/** Takes step after step until the account is gone. */
async function seeThrough(run: Run, opened: Dispute): Promise<DisputeOutcome> {
  const { options } = run;
  let dispute: Dispute | null = opened;
  let refusals = 0;
  let waiting = 0n;
  while (dispute !== null) {
    options.signal?.throwIfAborted();
    const before: Dispute = dispute;
    try {
      const taken = await takeStep(run, before);
      if (taken.type === "waiting") {
        if (taken.until !== waiting)
          run.emit({ ...named(run), type: "dispute-waiting", until: taken.until });
        waiting = taken.until;
        await rest(options);
      } else refusals = 0;
      dispute = await readDispute(run.verifier.connection, run.address);
      if (taken.type === "sent") tell(run, taken, dispute);
    } catch (error) {
      if (error instanceof TransactionFailed) refusals += 1;
      await endure(run, error, refusals);
      dispute = await readAgain(run, before);
    }
  }
  return ended(run);
}

function tell(run: Run, { step, transaction }: Sent, dispute: Dispute | null): void {
  if (step === null) return;
  // Someone who ends a dispute right after its last step leaves no account to count in.
  const progress = { leavesDone: dispute?.nextLeaf ?? 0, leaves: dispute?.leafCount ?? 0 };
  run.emit({ ...named(run), type: "dispute-step", step, transaction, ...progress });
}

/**
 * Waits after a failure that may pass, and throws any other. A step that landed unnoticed is
 * refused when it is sent again.
 */
async function endure(run: Run, error: unknown, refusals: number): Promise<void> {
  const { options, emit } = run;
  options.signal?.throwIfAborted();
  const mayPass =
    error instanceof TransactionFailed
      ? refusals < MOST_REFUSALS
      : // The next step follows from the account, so a step of unknown fate is not taken twice.
        error instanceof TransactionUnknown || isOutage(error);
  if (!mayPass) throw error;
  emit({ ...named(run), type: "dispute-retrying", message: messageOf(error) });
  await rest(options);
}

function named({ address }: Run): { readonly dispute: string } {
  return { dispute: address.toBase58() };
}

interface Sent {
  readonly type: "sent";
  /** Null for the step that ends the dispute. */
  readonly step: SentStep | null;
  readonly transaction: string;
}
type Taken = Sent | { readonly type: "waiting"; readonly until: bigint };

async function takeStep(run: Run, dispute: Dispute): Promise<Taken> {
  const { verifier, evidence, federation, challenger, tokens, tokenProgram } = run;
  const now = await readChainTime(verifier.connection);
  const step: DisputeStep = (await isDropped(run))
    ? { type: "resolve" }
    : await nextStep(verifier.program, dispute, evidence, now);
  if (step.type === "wait") return { type: "waiting", until: step.until };
  if (step.type === "send")
    return { type: "sent", step: step.what, transaction: await send(run, step.instructions) };
  const transaction = await send(
    run,
    disputeResolve(verifier.program, {
      federation: verifier.address,
      rewardMint: federation.rewardMint,
      tokenProgram,
      number: evidence.round.number,
      dispute: run.address,
      challenger: challenger.publicKey,
      challengerTokens: tokens,
    }),
  );
  return { type: "sent", step: null, transaction };
}

/** Whether another dispute has voided the round, or a round that it builds on. */
async function isDropped({ verifier, evidence }: Run): Promise<boolean> {
  const federation = await readFederation(verifier.connection, verifier.address);
  return federation !== null && !federation.pending.includes(evidence.round.number);
}

async function readAgain({ verifier, address }: Run, dispute: Dispute): Promise<Dispute | null> {
  try {
    return await readDispute(verifier.connection, address);
  } catch (error) {
    if (isOutage(error)) return dispute;
    throw error;
  }
}

/** The outcome of a dispute whose account is gone. Waits for a node that lags behind. */
async function ended(run: Run): Promise<DisputeOutcome> {
  for (let look = 1; ; look += 1) {
    try {
      const outcome = await outcomeOf(run);
      if (outcome !== null) {
        run.emit({ type: "dispute-resolved", ...outcome });
        return outcome;
      }
    } catch (error) {
      if (!isOutage(error)) throw error;
    }
    if (look === MOST_LOOKS)
      throw new PlenaryError(
        "chain-unavailable",
        "The dispute has ended, and the node does not show the transaction that ended it.",
        { dispute: run.address.toBase58() },
      );
    await rest(run.options);
    run.options.signal?.throwIfAborted();
  }
}

const MOST_LOOKS = 30;

function outcomeOf({ verifier, address, challenger }: Run): Promise<DisputeOutcome | null> {
  return readOutcome(verifier.connection, verifier.program, address, challenger.publicKey);
}

function send({ verifier, challenger, options }: Run, instructions: TransactionInstruction[]) {
  return sendTransaction(verifier.connection, instructions, [challenger], {
    ...(options.signal && { signal: options.signal }),
  });
}

function rest({ pollInterval, signal }: DisputeOptions): Promise<void> {
  return pause(pollInterval ?? POLL_MILLISECONDS, signal);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
