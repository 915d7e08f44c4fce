import { PROGRAM_ID, type SignedMessage } from "@plenary/chain";
import {
  compareBytes,
  encodeEnvelope,
  encodeReceipt,
  encodeUpdateLeaf,
  envelopeHash,
  leafHash,
  signMessage,
  type UpdateLeaf,
} from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { GENESIS } from "../signed.ts";
import { digest, keypairOf } from "../test-chain.ts";
import { SEQUENCE } from "./operations.ts";
import { OWNERS, type Owner } from "./state.ts";
import type { World } from "./world.ts";

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

/** The model's indices of leaves in the order of their members' addresses. */
export function leafOrder(world: World): number[] {
  const every = { number: 1n, baseModel: "any model", updateCount: MOST_LEAVES };
  return updatesTree(world, every).order;
}

/** As many as the terms that are drawn allow. */
const MOST_LEAVES = 4;

/** An aggregator's receipt for an owner's envelope of some sequence. */
export function signedReceipt(
  world: World,
  owner: Owner,
  round: bigint,
  sequence: bigint,
  aggregator: Keypair,
): SignedMessage {
  const message = encodeReceipt({
    genesisHash: GENESIS,
    programId: PROGRAM_ID.toBytes(),
    federation: world.federation.toBytes(),
    round,
    member: world.member(owner).toBytes(),
    sequence,
    envelopeHash: digest("an envelope"),
    time: 1_800_000_000_000n,
  });
  return {
    message,
    signature: signMessage(message, aggregator.secretKey),
    key: aggregator.publicKey.toBytes(),
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
