import type { Rules } from "@plenary/chain";
import type { DisputeEvent } from "../disputes/index.ts";
import type { RoundVerification, VerificationProgress } from "../verification/index.ts";
import type { WatchedOutcome } from "./watch-state.ts";

/** What a watch is doing, for logs and for people. */
export type WatchEvent =
  | {
      readonly type: "watching";
      readonly federation: string;
      readonly from: bigint;
      /** The federation's rules, by which its rounds are provable on chain or replay-only. */
      readonly rules: Rules;
    }
  | { readonly type: "verifying"; readonly round: bigint; readonly progress: VerificationProgress }
  | {
      readonly type: "round-verified";
      readonly round: bigint;
      readonly verification: RoundVerification;
      readonly seconds: number;
    }
  /**
   * A round without a result: it is void, or its account was closed before the watch reached it.
   */
  | { readonly type: "round-passed"; readonly round: bigint; readonly why: string }
  /**
   * A round that could not be computed, for a reason that says nothing about the round and does not
   * pass by waiting.
   */
  | { readonly type: "round-failed"; readonly round: bigint; readonly message: string }
  | { readonly type: "disputing"; readonly round: bigint; readonly event: DisputeEvent }
  | {
      readonly type: "dispute-ended";
      readonly round: bigint;
      readonly outcome: WatchedOutcome;
      readonly message: string;
    }
  /**
   * The disk is full or broken. The watch continues, but keeps neither bytes nor its record until
   * there is space.
   */
  | { readonly type: "not-kept"; readonly message: string }
  /** Source or chain does not answer. The watch continues. */
  | { readonly type: "retrying"; readonly message: string };
