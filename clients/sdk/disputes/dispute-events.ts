import type { DisputeEnding, DisputeKind } from "@plenary/chain";
import type { SentStep } from "./next-step.ts";

/** What a dispute has cost its challenger so far, by the chain's own record. */
export interface DisputeCosts {
  readonly transactions: number;
  /** Of the transactions, as they travel. */
  readonly bytes: number;
  readonly computeUnits: number;
  /** Fees; rent and deposit are not among them, for they come back or are lost with the verdict. */
  readonly lamports: number;
}

export interface DisputeOutcome extends DisputeEnding {
  /** Address of the Dispute account, which is closed by now. */
  readonly dispute: string;
  readonly costs: DisputeCosts;
}

/** How a dispute goes. */
export type DisputeEvent =
  | {
      readonly type: "dispute-opened";
      readonly dispute: string;
      readonly kind: DisputeKind;
      readonly index: number;
      /** In base units of the reward mint. */
      readonly deposit: bigint;
      /** Null where it was opened before, by a process that ended. */
      readonly transaction: string | null;
    }
  | {
      readonly type: "dispute-step";
      readonly dispute: string;
      readonly step: SentStep;
      readonly leavesDone: number;
      readonly leaves: number;
      readonly transaction: string;
    }
  /** The aggregator has until `until` (Unix seconds, the chain's). */
  | { readonly type: "dispute-waiting"; readonly dispute: string; readonly until: bigint }
  | { readonly type: "dispute-retrying"; readonly dispute: string; readonly message: string }
  | ({ readonly type: "dispute-resolved" } & DisputeOutcome);
