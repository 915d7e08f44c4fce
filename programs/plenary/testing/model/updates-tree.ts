import { PROGRAM_ID, type SignedMessage } from "@plenary/chain";
import {
  compareBytes,
  encodeEnvelope,
  encodeReceipt,
  encodeUpdateLeaf,
  envelopeHash,
  leafHash,
  type UpdateLeaf,
} from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { GENESIS as GENESIS_HASH, signed } from "../signed.ts";
import { digest, keypairOf } from "../test-chain.ts";
import { deltaOf, weightOf } from "./aggregate.ts";
import { SEQUENCE } from "./operations.ts";
import { GENESIS, OWNERS, type Owner, type Round, type Vector } from "./state.ts";
import { rootOf } from "./vectors.ts";
import type { World } from "./world.ts";

/** What an updates tree depends on. */
export type UpdatesOf = Pick<Round, "number" | "baseModel" | "maxWeight" | "updateCount">;

interface UpdatesTree {
  readonly leaves: UpdateLeaf[];
  readonly hashes: Uint8Array[];
  /** The model's index of each leaf. */
  readonly order: number[];
}

/**
 * A round's updates tree: the leaves of the owners, whether they are members or not, then leaves
 * without an owner; and the position of each.
 */
export function updatesTree(world: World, round: UpdatesOf): UpdatesTree {
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

/** The reason code of leaves without an owner: the norm. Any other would do. */
const REFUSED = 4;

function leafOf(world: World, round: UpdatesOf, index: number): UpdateLeaf {
  const owner = OWNERS[index];
  const member = owner === undefined ? digest(`nobody ${index}`) : world.member(owner).toBytes();
  const about = updateOf(round, index);
  return {
    member,
    sequence: SEQUENCE,
    envelopeHash: envelopeHash(envelopeFor(world, member, about)),
    deltaRoot: rootOf(about.delta),
    weight: about.weight,
    reason: about.weight > 0 ? 0 : REFUSED,
    payloadHash: digest("payload"),
  };
}

/** What an envelope states about an update. */
interface UpdateOf {
  readonly number: bigint;
  readonly base: Vector;
  readonly delta: Vector;
  readonly weight: number;
}

/** The update of a round's leaf. */
export function updateOf(round: Omit<UpdatesOf, "updateCount">, index: number): UpdateOf {
  const { number, baseModel: base } = round;
  return { number, base, delta: deltaOf(number, index), weight: weightOf(round, index) };
}

/** The model's indices of leaves in the order of their members' addresses. */
export function leafOrder(world: World): number[] {
  return updatesTree(world, {
    number: 1n,
    baseModel: GENESIS,
    maxWeight: 1,
    updateCount: MOST_LEAVES,
  }).order;
}

/** The most that the drawn terms allow. */
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
    genesisHash: GENESIS_HASH,
    programId: PROGRAM_ID.toBytes(),
    federation: world.federation.toBytes(),
    round,
    member: world.member(owner).toBytes(),
    sequence,
    envelopeHash: digest("an envelope"),
    time: 1_800_000_000_000n,
  });
  return signed(message, aggregator);
}

function envelopeFor(world: World, member: Uint8Array, update: UpdateOf): Uint8Array {
  return encodeEnvelope({
    genesisHash: GENESIS_HASH,
    programId: PROGRAM_ID.toBytes(),
    federation: world.federation.toBytes(),
    round: update.number,
    member,
    baseRoot: rootOf(update.base),
    sequence: SEQUENCE,
    codec: 0,
    payloadLength: 4,
    payloadHash: digest("payload"),
    weight: update.weight,
    deltaRoot: rootOf(update.delta),
    checkpointRoot: new Uint8Array(32),
  });
}

/** An owner's envelope for an update, signed by one of its keys. */
export function signedEnvelope(
  world: World,
  owner: Owner,
  update: UpdateOf,
  key: number,
): SignedMessage {
  const message = envelopeFor(world, world.member(owner).toBytes(), update);
  return signed(message, keypairOf(`update key ${key}`));
}
