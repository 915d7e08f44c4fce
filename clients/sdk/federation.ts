import { memberAddress } from "@plenary/chain";
import { type AnswerSet, parseAnswers, sha256, toBase58, toHex } from "@plenary/protocol";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { type Claim, type ClaimOptions, claimRewards } from "./claim.ts";
import { type JoinOptions, joinFederation } from "./join.ts";
import { openMemberStore } from "./member-store/index.ts";
import { type FederationContext, type OpenFederationOptions, openContext } from "./open-federation.ts";
import { participate } from "./participate.ts";
import type { TrainOptions } from "./participation.ts";
import type { TrainedRound } from "./participation-events.ts";
import { type FederationStatus, readStatus } from "./status.ts";
import { type RoundVerification, verifyRound } from "./verification/index.ts";

export interface JoinFederation extends Omit<JoinOptions, "updateKey"> {
  /** The member's own answers: they stay on this machine. */
  readonly answers: AnswerSet;
  /** Folder in which the member remembers what it has signed: keep it. One folder per membership. */
  readonly state: string;
  /** Signs updates; `keypair` by default. */
  readonly updateKeypair?: Keypair;
  /** Fixes the member's draws, for runs that must repeat exactly; random by default. */
  readonly seed?: number;
}

/** A federation, checked against the chain. */
export interface OpenFederation extends FederationContext {
  /** Joins on chain (once) and opens the member's state. */
  join(options: JoinFederation): Promise<FederationMember>;
  status(owner?: PublicKey): Promise<FederationStatus>;
  /** Computes a round anew from public bytes and compares it with the chain. */
  verifyRound(round: bigint): Promise<RoundVerification>;
}

/** An organisation's part in a federation. */
export interface FederationMember {
  readonly address: PublicKey;
  /** Transaction of the join; null when the member had joined before. */
  readonly joinTransaction: string | null;
  /** Trains in every round until told to stop. See `participate`. */
  train(options?: TrainOptions): AsyncGenerator<TrainedRound>;
  /** Claims what final rounds have earned, after waiting half a minute at most for rounds that are about to be final. See `claimRewards`. */
  claim(options?: Pick<ClaimOptions, "patience">): Promise<Claim>;
  status(): Promise<FederationStatus>;
  /** Releases the state folder. */
  close(): Promise<void>;
}

/**
 * Opens a federation: finds it at the service and checks it against the chain. Start here.
 * @example
 * const federation = await openFederation({ service: "http://127.0.0.1:7070", rpc: "http://127.0.0.1:8899" });
 */
export async function openFederation(options: OpenFederationOptions): Promise<OpenFederation> {
  const context = await openContext(options);
  return {
    ...context,
    join: (join) => openMember(context, join),
    status: (owner) => readStatus(context, owner, options.signal),
    verifyRound: (round) =>
      verifyRound({ ...context, blobs: context.client }, round, { signal: options.signal }),
  };
}

/** Milliseconds: a development chain's challenge window, and none of a real one's. */
const CLAIM_PATIENCE = 30_000;

async function openMember(context: FederationContext, options: JoinFederation): Promise<FederationMember> {
  const { keypair, state, updateKeypair = keypair } = options;
  const answers = parseAnswers(options.answers, context.questionnaire);
  const address = memberAddress(context.program, context.address, keypair.publicKey);
  const identity = {
    genesisHash: toHex(context.genesisHash),
    programId: toBase58(context.program.toBytes()),
    federation: context.address.toBase58(),
    member: address.toBase58(),
  };
  // The folder first: a member that cannot remember what it signs must not stake.
  const store = await openMemberStore(
    state,
    identity,
    options.seed === undefined ? undefined : seedOf(options.seed),
  );
  try {
    const joined = await joinFederation(context, { ...options, updateKey: updateKeypair.publicKey });
    return {
      address,
      joinTransaction: joined.transaction,
      train: (train) =>
        participate({ context, member: address, keypair: updateKeypair, answers, store }, train),
      claim: ({ patience = CLAIM_PATIENCE } = {}) =>
        claimRewards(context, keypair, { patience, signal: options.signal }),
      status: () => readStatus(context, keypair.publicKey, options.signal),
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
