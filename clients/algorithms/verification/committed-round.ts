import type { RoundCommitment } from "@plenary/protocol";

/** What stands fixed about a committed round, as its account on chain holds it. */
export interface CommittedRound extends RoundCommitment {
  readonly baseRoot: Uint8Array;
  readonly baseStateRoot: Uint8Array;
}
