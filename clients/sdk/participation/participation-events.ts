import type { EvaluationView } from "@plenary/protocol";
import type { TransferProgress } from "@plenary/service";
import type { Outcome } from "../member-store/index.ts";

/**
 * Events of a member that takes part, for progress bars and logs. Rounds and sequences are bigint,
 * as on chain.
 */
export type ParticipationEvent =
  | { readonly type: "waiting"; readonly for: "round" | "outcome" }
  | { readonly type: "round-started"; readonly round: bigint; readonly resumed: boolean }
  | ({ readonly type: "downloading"; readonly round: bigint } & TransferProgress)
  | {
      readonly type: "training";
      readonly round: bigint;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
    }
  | ({ readonly type: "uploading"; readonly round: bigint } & TransferProgress)
  | {
      readonly type: "uploaded";
      readonly round: bigint;
      readonly sequence: bigint;
      readonly weight: number;
      /** Lowercase hexadecimal. */
      readonly envelopeHash: string;
      /** The aggregator's signed receipt, both in base64: keep them, they prove an omission. */
      readonly receipt: string;
      readonly signature: string;
    }
  /**
   * This member was drawn for an audit and must show its training (exportAudit). The round waits
   * for the audit, but not for long.
   */
  | {
      readonly type: "audit-drawn";
      readonly round: bigint;
      /** Key of the auditor, in base58. */
      readonly auditor: string;
    }
  /** How good the model was after a round, by the service's evaluation on held-out groups. */
  | {
      readonly type: "evaluated";
      readonly round: bigint;
      readonly evaluation: EvaluationView;
      /** The round that export and predict take by default; null if there is none. */
      readonly chosenRound: bigint | null;
      /** Evaluated rounds in a row that were worse than the chosen one. */
      readonly fallingRounds: number;
    }
  /** Service or chain is out of reach. The member tries again after a pause. */
  | { readonly type: "retrying"; readonly code: string; readonly message: string }
  | {
      readonly type: "settled";
      readonly round: bigint;
      readonly outcome: Outcome;
      readonly reason: string | null;
    };

/** A round that a member took part in, with the outcome of its update. */
export interface TrainedRound {
  readonly number: bigint;
  readonly outcome: Outcome;
  /** A sentence that says why the update was not counted, or why that is not certain; else null. */
  readonly reason: string | null;
  /** (question, group) cells trained on. */
  readonly weight: number;
  /** Mean training loss. */
  readonly loss: number;
  readonly sequence: bigint;
}
