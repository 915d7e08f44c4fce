import { memberAddress, type Rules } from "@plenary/chain";
import {
  type AnswerSet,
  PlenaryError,
  parseAnswers,
  sha256,
  toBase58,
  toHex,
} from "@plenary/protocol";
import { trainableGroups } from "@plenary/training";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { type FederationContext, type OpenFederationOptions, openContext } from "./access/index.ts";
import { requireFederation } from "./chain-state/index.ts";
import { openMemberStore } from "./member-store/index.ts";
import {
  type Claim,
  type ClaimOptions,
  claimRewards,
  type JoinOptions,
  joinFederation,
  requireUpdateKey,
} from "./membership/index.ts";
import type { TrainedRound, TrainOptions } from "./participation/index.ts";
import { participate } from "./participation/index.ts";
import { type FederationStatus, readStatus } from "./status.ts";
import { type RoundVerification, verifyRound } from "./verification/index.ts";

/** How to take part: the options of joining, and the member's answers and state. */
export interface JoinFederation extends Omit<JoinOptions, "updateKey"> {
  /** The member's own answers: they stay on this machine. */
  readonly answers: AnswerSet;
  /**
   * Folder in which the member remembers what it has signed. Keep it; use one folder per
   * membership.
   */
  readonly state: string;
  /** Signs updates; `keypair` by default. */
  readonly updateKeypair?: Keypair;
  /** Fixes the member's random draws, for runs that must repeat exactly; random by default. */
  readonly seed?: number;
}

/** A member that has joined, as training needs it: without its owner's key. */
export interface JoinedMember
  extends Pick<JoinFederation, "answers" | "state" | "seed" | "signal"> {
  /** Address of the key that owns the membership. */
  readonly owner: PublicKey;
  /**
   * Keys that sign updates. After a rotation: the old key and the new one, because the round that
   * was open then still needs the old one. The first key pays for claims.
   */
  readonly updateKeypairs: readonly Keypair[];
}

/** A federation, checked against the chain. */
export interface OpenFederation extends FederationContext {
  /** Joins on chain, once, and opens the member's state. */
  join(options: JoinFederation): Promise<FederationMember>;
  /**
   * Opens the state of a member that has joined, without its owner's key. Throws `member-unknown`,
   * and `signature-invalid` if none of the keys signs the member's updates.
   */
  member(options: JoinedMember): Promise<FederationMember>;
  status(owner?: PublicKey): Promise<FederationStatus>;
  /** Recomputes a round from public bytes and compares it with the chain. */
  verifyRound(round: bigint): Promise<RoundVerification>;
}

/** An organisation's part in a federation. */
export interface FederationMember {
  readonly address: PublicKey;
  /** Transaction of the join; null if the owner was a member before. */
  readonly joinTransaction: string | null;
  /** The federation's rules, by which its rounds are provable on chain or replay-only. */
  readonly rules: Rules;
  /** Trains in every round until told to stop. See `participate`. */
  train(options?: TrainOptions): AsyncGenerator<TrainedRound>;
  /**
   * Claims what final rounds have earned. Waits up to half a minute for rounds that are about to
   * become final. See `claimRewards`.
   */
  claim(options?: Pick<ClaimOptions, "waitMilliseconds">): Promise<Claim>;
  status(): Promise<FederationStatus>;
  /** Releases the state folder. */
  close(): Promise<void>;
}

/**
 * Opens a federation: finds it at the service and checks it against the chain. Start here.
 * @example
 * const federation = await openFederation({
 *   service: "http://127.0.0.1:7070",
 *   rpc: "http://127.0.0.1:8899",
 * });
 */
export async function openFederation(options: OpenFederationOptions): Promise<OpenFederation> {
  const context = await openContext(options);
  return {
    ...context,
    join: (join) => joinAndOpen(context, join),
    member: (member) => openJoined(context, member),
    status: (owner) => readStatus(context, owner, options.signal),
    verifyRound: (round) =>
      verifyRound({ ...context, blobs: context.client }, round, { signal: options.signal }),
  };
}

/** Milliseconds: longer than a development chain's challenge window, shorter than a real one's. */
const CLAIM_WAIT = 30_000;

async function joinAndOpen(
  context: FederationContext,
  options: JoinFederation,
): Promise<FederationMember> {
  const { keypair, updateKeypair = keypair } = options;
  // Answers that training would refuse are refused before a stake is paid.
  trainableGroups(options.answers.groups);
  const member = { ...options, owner: keypair.publicKey, updateKeypairs: [updateKeypair] };
  return openMember(context, member, keypair, async () => {
    const joined = await joinFederation(context, {
      ...options,
      updateKey: updateKeypair.publicKey,
    });
    return joined.transaction;
  });
}

async function openJoined(
  context: FederationContext,
  options: JoinedMember,
): Promise<FederationMember> {
  const [payer] = options.updateKeypairs;
  if (payer === undefined)
    throw new PlenaryError("invalid-input", "Training needs at least one update-signing key.");
  return openMember(context, options, payer, async () => {
    await requireUpdateKey(context, options);
    return null;
  });
}

/**
 * `enter` makes sure that the owner is a member, and resolves to the transaction that made it one.
 */
async function openMember(
  context: FederationContext,
  options: JoinedMember,
  payer: Keypair,
  enter: () => Promise<string | null>,
): Promise<FederationMember> {
  const { owner, updateKeypairs, state, signal } = options;
  const answers = parseAnswers(options.answers, context.questionnaire);
  const address = memberAddress(context.program, context.address, owner);
  const identity = {
    genesisHash: toHex(context.genesisHash),
    programId: toBase58(context.program.toBytes()),
    federation: context.address.toBase58(),
    member: address.toBase58(),
  };
  // Opened first: a member that cannot remember what it signs must not stake.
  const store = await openMemberStore(
    state,
    identity,
    options.seed === undefined ? undefined : seedOf(options.seed),
  );
  try {
    const joinTransaction = await enter();
    const { rules } = await requireFederation(context);
    return {
      address,
      joinTransaction,
      rules,
      train: (train) =>
        participate({ context, member: address, updateKeypairs, answers, store }, train),
      claim: ({ waitMilliseconds = CLAIM_WAIT } = {}) =>
        claimRewards(context, payer, { owner, waitMilliseconds, signal }),
      status: () => readStatus(context, owner, signal),
      close: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function seedOf(number: number): Uint8Array {
  return sha256(new TextEncoder().encode(`plenary/member-seed/1\n${number}`));
}
