import {
  auditDraw,
  PROGRAM_ID,
  roundClose,
  roundCommit,
  roundFinalize,
  roundOpen,
  roundVoid,
} from "@plenary/chain";
import { merkleRoot, type RoundCommitment } from "@plenary/protocol";
import type { TransactionInstruction } from "@solana/web3.js";
import { digest } from "../test-chain.ts";
import type { OperationOf, RoundOperation } from "./operations.ts";
import { rewardsTree } from "./rewards-tree.ts";
import { GENESIS, type State } from "./state.ts";
import { updatesTree } from "./updates-tree.ts";
import { rootOf, stateRootOf } from "./vectors.ts";
import { PAYER, type World } from "./world.ts";

export function roundInstructions(
  world: World,
  state: State,
  operation: RoundOperation,
): TransactionInstruction[] {
  const { federation } = world;
  switch (operation.name) {
    case "round_open":
      return roundOpen(PROGRAM_ID, {
        federation,
        aggregator: world.key(operation.by),
        payer: PAYER,
        number: operation.number,
        baseRoot: rootOf(operation.base),
        baseStateRoot: stateRootOf(operation.baseState),
        collectSeconds: Number(operation.seconds),
      });
    case "round_commit":
      return roundCommit(PROGRAM_ID, {
        federation,
        aggregator: world.key(operation.by),
        number: operation.round,
        result: chainResult(world, state, operation),
      });
    case "audit_draw":
      return auditDraw(PROGRAM_ID, {
        federation,
        aggregator: world.key(operation.by),
        number: operation.round,
        envelopesRoot: digest("envelopes"),
      });
    case "round_finalize":
      return roundFinalize(PROGRAM_ID, { federation, number: operation.round });
    case "round_void":
      return roundVoid(PROGRAM_ID, { federation, number: operation.round });
    case "round_close":
      return roundClose(PROGRAM_ID, {
        federation,
        authority: world.key(operation.by),
        number: operation.round,
        rentPayer: world.rentPayer(operation.rentPayer),
      });
  }
}

function chainResult(
  world: World,
  state: State,
  { round: number, result }: OperationOf<"round_commit">,
): RoundCommitment {
  const { baseModel = GENESIS, maxWeight = 1 } = state.rounds.get(number) ?? {};
  const updates = updatesTree(world, {
    number,
    baseModel,
    maxWeight,
    updateCount: result.updateCount,
  });
  return {
    nextRoot: rootOf(result.next),
    nextStateRoot: stateRootOf(result.nextState),
    updatesRoot: merkleRoot(updates.hashes),
    updateCount: result.updateCount,
    totalWeight: result.totalWeight,
    rewardsRoot: merkleRoot(rewardsTree(world, result.leaves).hashes),
    rewardCount: result.rewardCount,
    cumulativeRewards: result.cumulative,
    manifestHash: digest(`manifest of round ${number}`),
  };
}
