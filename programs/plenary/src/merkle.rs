//! RFC 6962 trees over SHA-256, and the leaves that the program reads.

use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

pub type Hash = [u8; 32];

/// Merkle tree hash of no leaves: SHA-256 of nothing (RFC 6962, 2.1).
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Prefixes keep leaves and nodes apart, so that no node can be passed off as a leaf.
const LEAF_PREFIX: &[u8] = &[0];
const NODE_PREFIX: &[u8] = &[1];

/// Hash of the leaf whose data is the concatenation of `parts`.
pub fn leaf_hash(parts: &[&[u8]]) -> Hash {
    let mut input: Vec<&[u8]> = Vec::with_capacity(parts.len() + 1);
    input.push(LEAF_PREFIX);
    input.extend_from_slice(parts);
    hashv(&input).to_bytes()
}

pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hashv(&[NODE_PREFIX, left, right]).to_bytes()
}

/// The root that an audit path leads to (RFC 9162, 2.1.3.2), or `None` if the path does not fit the
/// index and the size.
pub fn root_from_path(leaf: Hash, index: u32, size: u32, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    // Cannot underflow: size > index >= 0.
    let (mut position, mut last, mut root) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if position & 1 == 1 || position == last {
            root = node_hash(sibling, &root);
            // The right edge of an incomplete tree has levels without a sibling. The loop ends,
            // because position > 0.
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

/// Levels of a frontier, enough for `MAX_LEAVES`.
pub const FRONTIER_LEVELS: usize = 21;
/// Most leaves of a tree that can be folded on chain.
#[constant]
pub const MAX_LEAVES: u32 = 1 << 20;

/// Appends leaf `index` to a tree. The frontier holds only the roots of the tree's complete
/// subtrees, one for each level, so that a root can be checked leaf by leaf, without a path for
/// each.
pub fn fold_leaf(frontier: &mut [Hash; FRONTIER_LEVELS], index: u32, leaf: Hash) -> Option<()> {
    let (mut position, mut level, mut root) = (index, 0, leaf);
    while position & 1 == 1 {
        root = node_hash(frontier.get(level)?, &root);
        position >>= 1;
        level += 1;
    }
    *frontier.get_mut(level)? = root;
    Some(())
}

/// The root of `size` folded leaves; `None` if there are none, or more than a frontier holds.
pub fn frontier_root(frontier: &[Hash; FRONTIER_LEVELS], size: u32) -> Option<Hash> {
    let mut root: Option<Hash> = None;
    for (level, subtree) in frontier.iter().enumerate() {
        if size >> level & 1 == 1 {
            // The smaller subtree is to the right of the larger one (RFC 6962, 2.1).
            root = Some(root.map_or(*subtree, |right| node_hash(subtree, &right)));
        }
    }
    root.filter(|_| size <= MAX_LEAVES)
}

/// A leaf of a round's rewards tree: what one member has earned since the federation began.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct RewardLeaf {
    pub version: u8,
    pub member: Pubkey,
    pub cumulative: u64,
}

impl RewardLeaf {
    pub const VERSION: u8 = 1;

    pub fn hash(&self) -> Hash {
        leaf_hash(&[
            &[self.version],
            self.member.as_ref(),
            &self.cumulative.to_le_bytes(),
        ])
    }
}

/// A leaf of a round's updates tree: one member's update, counted or refused.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct UpdateLeaf {
    pub version: u8,
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
            &[self.version],
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::vectors::vectors;

    fn bytes(value: &Value) -> Vec<u8> {
        let hex = value.as_str().unwrap();
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    fn hash(value: &Value) -> Hash {
        bytes(value).try_into().unwrap()
    }

    /// Numbers that may pass 2^53 are strings.
    fn number(value: &Value) -> u64 {
        value.as_str().unwrap().parse().unwrap()
    }

    #[test]
    fn the_root_of_no_leaves_is_the_vectors() {
        assert_eq!(hash(&vectors("merkle")["empty"]), EMPTY_ROOT);
    }

    #[test]
    fn every_audit_path_leads_to_its_root_and_to_no_other() {
        for tree in vectors("merkle")["trees"].as_array().unwrap() {
            let root = hash(&tree["root"]);
            let leaves = tree["leaves"].as_array().unwrap();
            let size = u32::try_from(leaves.len()).unwrap();
            for path in tree["paths"].as_array().unwrap() {
                let index = u32::try_from(path["index"].as_u64().unwrap()).unwrap();
                let siblings: Vec<Hash> =
                    path["path"].as_array().unwrap().iter().map(hash).collect();
                let leaf = leaf_hash(&[&bytes(&leaves[index as usize])]);
                assert_eq!(root_from_path(leaf, index, size, &siblings), Some(root));
                check_refusals(root, leaf, index, size, &siblings);
            }
        }
    }

    fn check_refusals(root: Hash, leaf: Hash, index: u32, size: u32, path: &[Hash]) {
        let leads = |leaf, index, size, path: &[Hash]| {
            root_from_path(leaf, index, size, path) == Some(root)
        };
        assert!(!leads(node_hash(&leaf, &leaf), index, size, path));
        for other in (0..size).filter(|other| *other != index) {
            assert!(!leads(leaf, other, size, path), "index {other}");
        }
        assert!(!leads(leaf, size, size, path));
        assert!(!leads(leaf, u32::MAX, size, path));
        let longer = [path, &[EMPTY_ROOT]].concat();
        assert!(!leads(leaf, index, size, &longer));
        if let Some((_, shorter)) = path.split_last() {
            assert!(!leads(leaf, index, size, shorter));
        }
        for at in 0..path.len() {
            let mut altered = path.to_vec();
            altered[at][31] ^= 1;
            assert!(!leads(leaf, index, size, &altered));
        }
    }

    #[test]
    fn folded_leaves_give_every_vectors_root() {
        for tree in vectors("merkle")["trees"].as_array().unwrap() {
            let leaves = tree["leaves"].as_array().unwrap();
            let mut frontier = [[0; 32]; FRONTIER_LEVELS];
            for (index, leaf) in leaves.iter().enumerate() {
                let index = u32::try_from(index).unwrap();
                fold_leaf(&mut frontier, index, leaf_hash(&[&bytes(leaf)])).unwrap();
            }
            let size = u32::try_from(leaves.len()).unwrap();
            assert_eq!(frontier_root(&frontier, size), Some(hash(&tree["root"])));
        }
        assert_eq!(frontier_root(&[[0; 32]; FRONTIER_LEVELS], 0), None);
        assert_eq!(
            frontier_root(&[[0; 32]; FRONTIER_LEVELS], MAX_LEAVES + 1),
            None
        );
    }

    #[test]
    fn an_empty_tree_proves_nothing() {
        assert_eq!(root_from_path(EMPTY_ROOT, 0, 0, &[]), None);
    }

    #[test]
    fn leaves_hash_as_in_the_vectors() {
        let leaves = vectors("leaves");
        for leaf in leaves["rewards"].as_array().unwrap() {
            let ours = RewardLeaf {
                version: RewardLeaf::VERSION,
                member: Pubkey::new_from_array(hash(&leaf["member"])),
                cumulative: number(&leaf["cumulative"]),
            };
            assert_eq!(ours.hash(), hash(&leaf["hash"]));
            assert_eq!(ours.hash(), leaf_hash(&[&bytes(&leaf["bytes"])]));
        }
        for leaf in leaves["updates"].as_array().unwrap() {
            let ours = UpdateLeaf {
                version: UpdateLeaf::VERSION,
                member: Pubkey::new_from_array(hash(&leaf["member"])),
                sequence: number(&leaf["sequence"]),
                envelope_hash: hash(&leaf["envelopeHash"]),
                delta_root: hash(&leaf["deltaRoot"]),
                weight: u32::try_from(number(&leaf["weight"])).unwrap(),
                reason: u8::try_from(number(&leaf["reason"])).unwrap(),
                payload_hash: hash(&leaf["payloadHash"]),
            };
            assert_eq!(ours.hash(), hash(&leaf["hash"]));
            assert_eq!(ours.hash(), leaf_hash(&[&bytes(&leaf["bytes"])]));
        }
    }
}
