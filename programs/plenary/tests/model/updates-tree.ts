import { PROGRAM_ID, type SignedMessage } from "@plenary/chain";
import {
  compareBytes,
  encodeEnvelope,
  encodeUpdateLeaf,
  envelopeHash,
  leafHash,
  signMessage,
  type UpdateLeaf,
} from "@plenary/protocol";
import { GENESIS } from "../signed.ts";
import { digest, keypairOf } from "../test-chain.ts";
import { OWNERS, type Owner } from "./state.ts";
import type { World } from "./world.ts";

/** Sequence of every envelope in the model. */
export const SEQUENCE = 1n;

/** What an updates tree depends on. */
export interface UpdatesOf {
  readonly number: bigint;
  readonly baseModel: string;
  readonly updateCount: number;
}

/** A round's updates tree: leaves of the owners, whether members or not, then of nobody; and where each of them stands. */
export function updatesTree(
  world: World,
  round: UpdatesOf,
): { readonly leaves: UpdateLeaf[]; readonly hashes: Uint8Array[]; readonly order: number[] } {
  const sorted = Array.from({ length: round.updateCount }, (_, index) => ({
    index,
    leaf: leafOf(world, round, index),
  }));
  sorted.sort((left, right) => compareBytes(left.leaf.member, right.leaf.member));
  const leaves = sorted.map(({ leaf }) => leaf);
  return {
    leaves,
    hashes: leaves.map((leaf) => leafHash(encodeUpdateLeaf(leaf))),
    order: sorted.map(({ index }) => index),
  };
}

function leafOf(world: World, round: UpdatesOf, index: number): UpdateLeaf {
  const owner = OWNERS[index];
  const member = owner === undefined ? digest(`nobody ${index}`) : world.member(owner).toBytes();
  return {
    member,
    sequence: SEQUENCE,
    envelopeHash: envelopeHash(envelopeFor(world, member, round)),
    deltaRoot: digest("update"),
    weight: 1,
    reason: 0,
    payloadHash: digest("payload"),
  };
}

function envelopeFor(
  world: World,
  member: Uint8Array,
  round: Omit<UpdatesOf, "updateCount">,
  weight = 1,
): Uint8Array {
  return encodeEnvelope({
    genesisHash: GENESIS,
    programId: PROGRAM_ID.toBytes(),
    federation: world.federation.toBytes(),
    round: round.number,
    member,
    baseRoot: digest(round.baseModel),
    sequence: SEQUENCE,
    codec: 0,
    payloadLength: 4,
    payloadHash: digest("payload"),
    weight,
    deltaRoot: digest("update"),
    checkpointRoot: new Uint8Array(32),
  });
}

/** An owner's envelope for a round, signed by one of its keys; another weight makes it another envelope. */
export function signedEnvelope(
  world: World,
  owner: Owner,
  round: Omit<UpdatesOf, "updateCount">,
  key: number,
  weight = 1,
): SignedMessage {
  const message = envelopeFor(world, world.member(owner).toBytes(), round, weight);
  const keypair = keypairOf(`update key ${key}`);
  return { message, signature: signMessage(message, keypair.secretKey), key: keypair.publicKey.toBytes() };
}
