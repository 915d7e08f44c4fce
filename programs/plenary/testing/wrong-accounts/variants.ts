import assert from "node:assert/strict";
import { IDL } from "@plenary/chain";
import { type PublicKey, TransactionInstruction } from "@solana/web3.js";
import type { Scenario } from "../scenario.ts";
import type { Ground, Step } from "./ground.ts";

export interface Variant {
  /** Which account is wrong: `account <- substitute`, or `account unsigned`. */
  readonly label: string;
  readonly instruction: TransactionInstruction;
}

/** Every way in which exactly one account of the step's last instruction is wrong. */
export function* variantsOf(
  name: string,
  step: Step,
  ground: Ground,
  scenario: Scenario,
): Generator<Variant> {
  const instruction = lastOf(step);
  // Addresses of the program sign nothing, so they replace a signer unsigned.
  const canSign = (pubkey: PublicKey) =>
    ground.strangers.some(({ publicKey }) => publicKey.equals(pubkey));
  for (const [index, account] of accountNames(name).entries()) {
    const original = instruction.keys[index];
    assert.ok(original !== undefined);
    for (const [substitute, pubkey] of Object.entries(ground.substitutesIn(scenario))) {
      if (pubkey.equals(original.pubkey)) continue;
      const isSigner = original.isSigner && canSign(pubkey);
      yield {
        label: `${account} <- ${substitute}`,
        instruction: withKey(instruction, index, { ...original, pubkey, isSigner }),
      };
    }
    if (original.isSigner)
      yield {
        label: `${account} unsigned`,
        instruction: withKey(instruction, index, { ...original, isSigner: false }),
      };
  }
}

/** The instruction whose accounts are varied; those before it prepare it. */
export function lastOf(step: Step): TransactionInstruction {
  const instruction = step.instructions.at(-1);
  assert.ok(instruction !== undefined);
  return instruction;
}

function accountNames(name: string): string[] {
  const definition = IDL.instructions.find((instruction) => instruction.name === name);
  assert.ok(definition !== undefined, name);
  return definition.accounts.map((account) => account.name);
}

function withKey(
  from: TransactionInstruction,
  index: number,
  key: TransactionInstruction["keys"][number],
): TransactionInstruction {
  const keys = from.keys.map((old, at) => (at === index ? key : old));
  return new TransactionInstruction({ programId: from.programId, keys, data: from.data });
}
