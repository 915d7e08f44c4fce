import type { AnswerSet } from "@plenary/protocol";
import type { EngineName } from "@plenary/training";
import type { Keypair, PublicKey } from "@solana/web3.js";
import type { FederationContext } from "../access/index.ts";
import type { MemberStore } from "../member-store/index.ts";
import type { ParticipationEvent } from "./participation-events.ts";
import type { QuestionsKeeper } from "./round-questions.ts";
import type { Waker } from "./round-watch.ts";

/** How long and with what a member trains. */
export interface TrainOptions {
  /**
   * Number of rounds to stop after, those that were void or missed not counted; without end by
   * default.
   */
  readonly rounds?: number | undefined;
  /**
   * `native` by default. `wasm`, where audits compare bits: its results are the same on every
   * machine.
   */
  readonly engine?: EngineName | undefined;
  /** One of the federation's codecs; its first by default. */
  readonly codec?: string | undefined;
  /** Milliseconds between looks when no event comes; 3,000 by default. */
  readonly pollInterval?: number | undefined;
  readonly onEvent?: ((event: ParticipationEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A member that takes part: its membership, keys, data and memory. */
export interface Participant {
  readonly context: FederationContext;
  readonly member: PublicKey;
  /**
   * Keypairs that sign updates, each in the rounds for which the chain names it. Around a rotation
   * these are the old key and the new one.
   */
  readonly updateKeypairs: readonly Keypair[];
  readonly answers: AnswerSet;
  readonly store: MemberStore;
}

/** A participant at work. */
export interface ParticipationSession extends Participant {
  readonly options: TrainOptions;
  readonly waker: Waker;
  readonly questions: QuestionsKeeper;
  emit(event: ParticipationEvent): void;
}
