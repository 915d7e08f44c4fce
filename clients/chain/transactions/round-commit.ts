import type { RoundCommitment } from "@plenary/protocol";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { roundAddress, vaultAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface RoundCommit {
  readonly federation: PublicKey;
  readonly aggregator: PublicKey;
  readonly number: bigint;
  readonly result: RoundCommitment;
}

/** Commits the open round's result. */
export function roundCommit(program: PublicKey, input: RoundCommit): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    round: roundAddress(program, input.federation, input.number),
    aggregator: input.aggregator,
    vault: vaultAddress(program, input.federation),
  };
  return [
    buildInstruction(program, "roundCommit", accounts, {
      result: {
        nextRoot: input.result.nextRoot,
        nextStateRoot: input.result.nextStateRoot,
        updatesRoot: input.result.updatesRoot,
        updateCount: input.result.updateCount,
        totalWeight: input.result.totalWeight,
        rewardsRoot: input.result.rewardsRoot,
        rewardCount: input.result.rewardCount,
        cumulativeRewards: input.result.cumulativeRewards,
        manifestHash: input.result.manifestHash,
      },
    }),
  ];
}
