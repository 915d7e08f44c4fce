import { equivocationOpen, memberEquivocation, PROGRAM_ID } from "@plenary/chain";
import type { TransactionInstruction } from "@solana/web3.js";
import { type EquivocationOperation, SEQUENCE } from "./operations.ts";
import { GENESIS } from "./state.ts";
import { signedEnvelope } from "./updates-tree.ts";
import type { World } from "./world.ts";

/** Reports of envelopes that differ in their weights. */
export function equivocationInstructions(
  world: World,
  operation: EquivocationOperation,
): TransactionInstruction[] {
  const { by, owner, round, key } = operation;
  const about = {
    member: world.member(owner),
    reporter: world.key(by),
    round,
    sequence: SEQUENCE,
  };
  const signed = (weight: number) =>
    signedEnvelope(world, owner, { number: round, base: GENESIS, delta: GENESIS, weight }, key);
  if (operation.name === "equivocation_open")
    return equivocationOpen(PROGRAM_ID, { ...about, envelope: signed(1) });
  return memberEquivocation(PROGRAM_ID, {
    ...world.token,
    ...about,
    reporterTokens: world.holder(operation.to),
    envelope: signed(operation.same ? 1 : 2),
  });
}
