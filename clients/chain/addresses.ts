import { PublicKey } from "@solana/web3.js";

/*
 * Where the program's accounts lie. Seeds are written here and in the program's `SEED` constants, nowhere else; the
 * tests compare the two through the compiled program.
 */

/** The two token programs that a reward mint may belong to, and the one that owns the addresses of associated token accounts. */
export const TOKEN_PROGRAM = new PublicKey("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
export const TOKEN_2022_PROGRAM = new PublicKey("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
export const ASSOCIATED_TOKEN_PROGRAM = new PublicKey(
  "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
);

const encoder = new TextEncoder();
const SEEDS = {
  federation: encoder.encode("federation"),
  member: encoder.encode("member"),
  round: encoder.encode("round"),
  vault: encoder.encode("vault"),
  escrow: encoder.encode("escrow"),
  dispute: encoder.encode("dispute"),
  equivocation: encoder.encode("equivocation"),
} as const;

/** Address of the federation that `creator` made with this id; it stays when the authority passes to another key. */
export function federationAddress(program: PublicKey, creator: PublicKey, id: bigint): PublicKey {
  return derive(program, [SEEDS.federation, creator.toBytes(), u64(id)]);
}

/** Address of an owner's membership in a federation: what envelopes and leaves call the member. */
export function memberAddress(
  program: PublicKey,
  federation: PublicKey,
  owner: PublicKey,
): PublicKey {
  return derive(program, [SEEDS.member, federation.toBytes(), owner.toBytes()]);
}

/** Address of a federation's round; the first round is number 1. */
export function roundAddress(program: PublicKey, federation: PublicKey, number: bigint): PublicKey {
  return derive(program, [SEEDS.round, federation.toBytes(), u64(number)]);
}

/** Token account that pays a federation's rewards. */
export function vaultAddress(program: PublicKey, federation: PublicKey): PublicKey {
  return derive(program, [SEEDS.vault, federation.toBytes()]);
}

/** Token account that holds a federation's stakes, bond and deposits. */
export function escrowAddress(program: PublicKey, federation: PublicKey): PublicKey {
  return derive(program, [SEEDS.escrow, federation.toBytes()]);
}

/** Address of a challenger's dispute about one chunk or leaf of a round; `kind` is a code of `DISPUTE_KINDS`. */
export function disputeAddress(
  program: PublicKey,
  round: PublicKey,
  challenger: PublicKey,
  kind: number,
  index: number,
): PublicKey {
  const subject = [Uint8Array.of(kind), u32(index)];
  return derive(program, [SEEDS.dispute, round.toBytes(), challenger.toBytes(), ...subject]);
}

/** Address of the first half of a reporter's proof that a member signed two envelopes with one sequence. */
export function equivocationAddress(
  program: PublicKey,
  member: PublicKey,
  reporter: PublicKey,
  round: bigint,
  sequence: bigint,
): PublicKey {
  const subject = [u64(round), u64(sequence)];
  return derive(program, [SEEDS.equivocation, member.toBytes(), reporter.toBytes(), ...subject]);
}

/** The owner's associated token account for a mint; it depends on the token program that owns the mint. */
export function tokenAccountAddress(
  mint: PublicKey,
  owner: PublicKey,
  tokenProgram: PublicKey = TOKEN_PROGRAM,
): PublicKey {
  return derive(ASSOCIATED_TOKEN_PROGRAM, [
    owner.toBytes(),
    tokenProgram.toBytes(),
    mint.toBytes(),
  ]);
}

function derive(program: PublicKey, seeds: Uint8Array[]): PublicKey {
  return PublicKey.findProgramAddressSync(seeds, program)[0];
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
