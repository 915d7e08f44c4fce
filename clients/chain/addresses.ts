import { PublicKey } from "@solana/web3.js";
import { DISPUTE_SEED } from "./generated/constants.ts";
import { IDL } from "./generated/idl.ts";
import { type NamedSeed, type Seed, seedsByAccount } from "./idl/seeds.ts";

/** The two token programs that a reward mint may belong to. */
export const TOKEN_PROGRAM = new PublicKey("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/**
 * The Token-2022 program. A mint belongs to it or to `TOKEN_PROGRAM`; instructions name the owner.
 */
export const TOKEN_2022_PROGRAM = new PublicKey("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/** The program from which the addresses of associated token accounts derive. */
export const ASSOCIATED_TOKEN_PROGRAM = new PublicKey(
  "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
);

/** The program's own addresses derive from the seeds that the IDL states. */
export const SEEDS = seedsByAccount(IDL);

/**
 * Address of the federation that `creator` made with this id. It stays the same when the authority
 * passes to another key.
 */
export function federationAddress(program: PublicKey, creator: PublicKey, id: bigint): PublicKey {
  return derive(program, "federation", { authority: creator, id });
}

/** Address of an owner's membership in a federation: what envelopes and leaves call the member. */
export function memberAddress(
  program: PublicKey,
  federation: PublicKey,
  owner: PublicKey,
): PublicKey {
  return derive(program, "member", { federation, owner });
}

/** Address of a federation's round; the first round is number 1. */
export function roundAddress(program: PublicKey, federation: PublicKey, number: bigint): PublicKey {
  return derive(program, "round", { federation, number });
}

/** Token account that pays a federation's rewards. */
export function vaultAddress(program: PublicKey, federation: PublicKey): PublicKey {
  return derive(program, "vault", { federation });
}

/** Token account that holds a federation's stakes, bond and deposits. */
export function escrowAddress(program: PublicKey, federation: PublicKey): PublicKey {
  return derive(program, "escrow", { federation });
}

/**
 * Address of a challenger's dispute about one chunk or leaf of a round. `kind` is a code of
 * `DISPUTE_KINDS`. The IDL has no seeds of disputes, because the program computes one of them.
 */
export function disputeAddress(
  program: PublicKey,
  round: PublicKey,
  challenger: PublicKey,
  kind: number,
  index: number,
): PublicKey {
  const subject = [Uint8Array.of(kind), littleEndian(index, 4)];
  return find(program, [DISPUTE_SEED, round.toBytes(), challenger.toBytes(), ...subject]);
}

/**
 * Address of the first half of a reporter's proof that a member signed two envelopes with one
 * sequence.
 */
export function equivocationAddress(
  program: PublicKey,
  member: PublicKey,
  reporter: PublicKey,
  round: bigint,
  sequence: bigint,
): PublicKey {
  return derive(program, "equivocation", { member, reporter, round, sequence });
}

/** The owner's associated token account for a mint, which depends on the mint's token program. */
export function tokenAccountAddress(
  mint: PublicKey,
  owner: PublicKey,
  tokenProgram: PublicKey = TOKEN_PROGRAM,
): PublicKey {
  const seeds = [owner.toBytes(), tokenProgram.toBytes(), mint.toBytes()];
  return find(ASSOCIATED_TOKEN_PROGRAM, seeds);
}

/** Derives an address of the program. Throws `TypeError` where a value for a seed is missing. */
export function deriveAddress(
  program: PublicKey,
  seeds: readonly Seed[],
  seedValue: (seed: NamedSeed) => unknown,
): PublicKey {
  const bytes = seeds.map((seed) => {
    if (seed.kind === "constant") return seed.value;
    const value = seedValue(seed);
    if (seed.kind === "account" && value instanceof PublicKey) return value.toBytes();
    if (seed.kind === "argument" && (typeof value === "bigint" || typeof value === "number"))
      return littleEndian(value, seed.bytes);
    throw new TypeError(`The address cannot be derived without ${seed.name}.`);
  });
  return find(program, bytes);
}

function derive(
  program: PublicKey,
  account: string,
  values: Readonly<Record<string, PublicKey | bigint>>,
): PublicKey {
  return deriveAddress(program, SEEDS.get(account) ?? [], ({ name }) => values[name]);
}

function find(program: PublicKey, seeds: Uint8Array[]): PublicKey {
  return PublicKey.findProgramAddressSync(seeds, program)[0];
}

function littleEndian(value: bigint | number, length: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes.subarray(0, length);
}
