//! RFC 6962 trees over SHA-256, and the leaves that the program reads.

use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

pub type Hash = [u8; 32];

/// Merkle tree hash of no leaves: SHA-256 of nothing (RFC 6962, 2.1).
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Prefixes keep leaves and nodes apart: no node can be passed off as a leaf (second preimage).
const LEAF_PREFIX: &[u8] = &[0];
const NODE_PREFIX: &[u8] = &[1];

/// Hash of a leaf whose data is the concatenation of `parts`.
pub fn leaf_hash(parts: &[&[u8]]) -> Hash {
    let mut input: Vec<&[u8]> = Vec::with_capacity(parts.len() + 1);
    input.push(LEAF_PREFIX);
    input.extend_from_slice(parts);
    hashv(&input).to_bytes()
}

pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hashv(&[NODE_PREFIX, left, right]).to_bytes()
}

/// The root that an audit path leads to (RFC 9162, 2.1.3.2), or `None` if the path does not fit the index and the size.
pub fn root_from_path(leaf: Hash, index: u32, size: u32, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    // cannot underflow: size > index >= 0
    let (mut position, mut last, mut root) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if position & 1 == 1 || position == last {
            root = node_hash(sibling, &root);
            // the right edge of a ragged tree has levels without a sibling; ends, because position > 0 here
            while position & 1 == 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(&root, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// What one member has earned since the federation began: one leaf of a round's rewards tree.
pub struct RewardLeaf {
    pub member: Pubkey,
    pub cumulative: u64,
}

impl RewardLeaf {
    pub const VERSION: u8 = 1;

    pub fn hash(&self) -> Hash {
        leaf_hash(&[
            &[Self::VERSION],
            self.member.as_ref(),
            &self.cumulative.to_le_bytes(),
        ])
    }
}

/// One member's update, counted or refused: one leaf of a round's updates tree.
pub struct UpdateLeaf {
    pub member: Pubkey,
    pub sequence: u64,
    pub envelope_hash: Hash,
    pub delta_root: Hash,
    pub weight: u32,
    pub reason: u8,
    pub payload_hash: Hash,
}

impl UpdateLeaf {
    pub const VERSION: u8 = 1;

    pub fn hash(&self) -> Hash {
        leaf_hash(&[
            &[Self::VERSION],
            self.member.as_ref(),
            &self.sequence.to_le_bytes(),
            &self.envelope_hash,
            &self.delta_root,
            &self.weight.to_le_bytes(),
            &[self.reason],
            &self.payload_hash,
        ])
    }
}
