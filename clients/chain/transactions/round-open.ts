import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { roundAddress, vaultAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface RoundOpen {
  readonly federation: PublicKey;
  readonly aggregator: PublicKey;
  /** Pays the rent of the round's account. */
  readonly payer: PublicKey;
  readonly number: bigint;
  readonly baseRoot: Uint8Array;
  readonly baseStateRoot: Uint8Array;
  /** How long the round collects updates; at most the federation's `collectLimit`. */
  readonly collectSeconds: number;
}

/** Opens the next round on the last committed model. */
export function roundOpen(program: PublicKey, input: RoundOpen): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    round: roundAddress(program, input.federation, input.number),
    aggregator: input.aggregator,
    payer: input.payer,
    vault: vaultAddress(program, input.federation),
  };
  return [
    buildInstruction(program, "roundOpen", accounts, {
      args: {
        number: input.number,
        baseRoot: input.baseRoot,
        baseStateRoot: input.baseStateRoot,
        collectSeconds: input.collectSeconds,
      },
    }),
  ];
}
