import { layout, type RecordOf } from "./layout.ts";

const VERSION = Uint8Array.of(1);

const UPDATE_LEAF_FIELDS = {
  member: "bytes32",
  sequence: "u64",
  envelopeHash: "bytes32",
  deltaRoot: "bytes32",
  weight: "u32",
  reason: "u8",
  payloadHash: "bytes32",
} as const;
const UPDATE_LEAF = layout("update leaf", VERSION, UPDATE_LEAF_FIELDS);

const REWARD_LEAF_FIELDS = { member: "bytes32", cumulative: "u64" } as const;
const REWARD_LEAF = layout("reward leaf", VERSION, REWARD_LEAF_FIELDS);

/**
 * One member's update in a round's updates tree, counted (`reason` 0) or refused (`weight` 0,
 * `reason` says why).
 */
export type UpdateLeaf = RecordOf<typeof UPDATE_LEAF_FIELDS>;

/** One member's earnings since the federation began, in base units of the reward mint. */
export type RewardLeaf = RecordOf<typeof REWARD_LEAF_FIELDS>;

/** Bytes of an encoded update leaf. */
export const UPDATE_LEAF_LENGTH = UPDATE_LEAF.length;

/** The bytes whose `leafHash` is in a round's updates tree. */
export function encodeUpdateLeaf(leaf: UpdateLeaf): Uint8Array {
  return UPDATE_LEAF.encode(leaf);
}

/** Reads an update leaf. Throws `malformed-envelope` if length or version is another. */
export function decodeUpdateLeaf(bytes: Uint8Array): UpdateLeaf {
  return UPDATE_LEAF.decode(bytes);
}

/** The bytes whose `leafHash` is in a round's rewards tree. */
export function encodeRewardLeaf(leaf: RewardLeaf): Uint8Array {
  return REWARD_LEAF.encode(leaf);
}

/** Reads a reward leaf. Throws `malformed-envelope` if length or version is another. */
export function decodeRewardLeaf(bytes: Uint8Array): RewardLeaf {
  return REWARD_LEAF.decode(bytes);
}
