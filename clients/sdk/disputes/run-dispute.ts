import {
  type Dispute,
  disputeResolve,
  readChainTime,
  readDispute,
  readFederation,
  TransactionFailed,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { isOutage, pause } from "@plenary/service";
import {
  type Challenge,
  type DisputeOptions,
  type DisputeRun,
  prepare,
  send,
} from "./challenge.ts";
import type { DisputeOutcome } from "./dispute-events.ts";
import { readOutcome } from "./dispute-history.ts";
import { type DisputeStep, nextStep, type SentStep } from "./next-step.ts";
import { openDispute, opened } from "./open-dispute.ts";

const POLL_MILLISECONDS = 2_000;
/**
 * A step that the program refuses this often while the dispute does not change will never be taken.
 */
const MOST_REFUSALS = 3;

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
    dispute = await openDispute(run);
  } else run.emit(opened(dispute, null));
  return seeThrough(run, dispute);
}

/** Takes step after step until the account is gone. */
async function seeThrough(run: DisputeRun, opened: Dispute): Promise<DisputeOutcome> {
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

function tell(run: DisputeRun, { step, transaction }: Sent, dispute: Dispute | null): void {
  if (step === null) return;
  // Someone who ends a dispute right after its last step leaves no account to count in.
  const progress = { leavesDone: dispute?.nextLeaf ?? 0, leaves: dispute?.leafCount ?? 0 };
  run.emit({ ...named(run), type: "dispute-step", step, transaction, ...progress });
}

/**
 * Waits after a failure that may pass, and throws any other. A step that landed unnoticed is
 * refused when it is sent again.
 */
async function endure(run: DisputeRun, error: unknown, refusals: number): Promise<void> {
  const { options, emit } = run;
  options.signal?.throwIfAborted();
  const mayPass = error instanceof TransactionFailed ? refusals < MOST_REFUSALS : isOutage(error);
  if (!mayPass) throw error;
  emit({ ...named(run), type: "dispute-retrying", message: messageOf(error) });
  await rest(options);
}

function named({ address }: DisputeRun): { readonly dispute: string } {
  return { dispute: address.toBase58() };
}

interface Sent {
  readonly type: "sent";
  /** Null for the step that ends the dispute. */
  readonly step: SentStep | null;
  readonly transaction: string;
}
type Taken = Sent | { readonly type: "waiting"; readonly until: bigint };

async function takeStep(run: DisputeRun, dispute: Dispute): Promise<Taken> {
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
async function isDropped({ verifier, evidence }: DisputeRun): Promise<boolean> {
  const federation = await readFederation(verifier.connection, verifier.address);
  return federation !== null && !federation.pending.includes(evidence.round.number);
}

async function readAgain(
  { verifier, address }: DisputeRun,
  dispute: Dispute,
): Promise<Dispute | null> {
  try {
    return await readDispute(verifier.connection, address);
  } catch (error) {
    if (isOutage(error)) return dispute;
    throw error;
  }
}

/** The outcome of a dispute whose account is gone. Waits for a node that lags behind. */
async function ended(run: DisputeRun): Promise<DisputeOutcome> {
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

function outcomeOf({ verifier, address, challenger }: DisputeRun): Promise<DisputeOutcome | null> {
  return readOutcome(verifier.connection, verifier.program, address, challenger.publicKey);
}

function rest({ pollInterval, signal }: DisputeOptions): Promise<void> {
  return pause(pollInterval ?? POLL_MILLISECONDS, signal);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
