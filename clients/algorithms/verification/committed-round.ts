import type { RoundCommitment } from "@plenary/protocol";

/** What is fixed about a committed round: fields of its account on chain. */
export interface CommittedRound extends RoundCommitment {
  readonly baseRoot: Uint8Array;
  readonly baseStateRoot: Uint8Array;
}
