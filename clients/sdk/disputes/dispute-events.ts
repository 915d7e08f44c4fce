import type { DisputeEnding, DisputeKind } from "@plenary/chain";
import type { SentStep } from "./next-step.ts";

/** What a dispute has cost its challenger so far, from the chain's own record. */
export interface DisputeCosts {
  readonly transactions: number;
  /** Size of the transactions on the wire. */
  readonly bytes: number;
  readonly computeUnits: number;
  /** Fees. Rent and deposit are not included: they come back, or are lost with the verdict. */
  readonly lamports: number;
}

/** How a dispute has ended, its address, and what it has cost the challenger. */
export interface DisputeOutcome extends DisputeEnding {
  /** Address of the Dispute account, which is closed by now. */
  readonly dispute: string;
  readonly costs: DisputeCosts;
}

/** The progress of a dispute. */
export type DisputeEvent =
  | {
      readonly type: "dispute-opened";
      readonly dispute: string;
      readonly kind: DisputeKind;
      readonly index: number;
      /** In base units of the reward mint. */
      readonly deposit: bigint;
      /** Null if a process that ended before this one opened it. */
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
  /** The aggregator has until `until` (Unix seconds on the chain's clock). */
  | { readonly type: "dispute-waiting"; readonly dispute: string; readonly until: bigint }
  | { readonly type: "dispute-retrying"; readonly dispute: string; readonly message: string }
  | ({ readonly type: "dispute-resolved" } & DisputeOutcome);
