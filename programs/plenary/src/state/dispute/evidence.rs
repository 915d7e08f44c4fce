//! What challengers and aggregators submit to disputes.

use anchor_lang::prelude::*;

use super::{Dispute, CHUNK_LENGTH};
use crate::errors::PlenaryError;
use crate::merkle::{leaf_hash, root_from_path, Hash, RewardLeaf, UpdateLeaf};

/// The fault that a challenger alleges in a committed round.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub enum DisputeSubject {
    /// Chunk `index` of the next model, or of the server's next state, does not follow from the
    /// updates.
    Chunk { index: u32 },
    /// No member signed the update in this leaf: the aggregator must show the envelope.
    Envelope {
        index: u32,
        leaf: UpdateLeaf,
        path: Vec<Hash>,
    },
    /// A member has a receipt, which the preceding instruction verifies, and no leaf that agrees
    /// with it.
    Omission,
    /// A member's cumulative reward, as the base round committed it, has fallen or is missing.
    Shortfall {
        index: u32,
        leaf: RewardLeaf,
        path: Vec<Hash>,
    },
    /// The rewards' leaves do not ascend or do not add up to the committed total.
    Total,
}

impl DisputeSubject {
    pub fn kind(&self) -> u8 {
        match self {
            Self::Chunk { .. } => Dispute::CHUNK,
            Self::Envelope { .. } => Dispute::ENVELOPE,
            Self::Omission => Dispute::OMISSION,
            Self::Shortfall { .. } => Dispute::SHORTFALL,
            Self::Total => Dispute::TOTAL,
        }
    }

    /// The chunk or leaf that the dispute is about. It keeps a challenger's disputes apart.
    pub fn index(&self) -> u32 {
        match self {
            Self::Chunk { index }
            | Self::Envelope { index, .. }
            | Self::Shortfall { index, .. } => *index,
            Self::Omission | Self::Total => 0,
        }
    }
}

/// A vector whose chunk decides a dispute.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vector {
    /// The update in the last folded leaf.
    Delta,
    Base,
    Next,
    BaseState,
    NextState,
}

impl Vector {
    /// The vector's bit in `Dispute::received` and `Dispute::probed`.
    pub(super) fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// 64 little-endian integers of a vector, and their audit path.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct Chunk {
    pub values: [u8; 4 * CHUNK_LENGTH],
    pub path: Vec<Hash>,
}

impl Chunk {
    pub(super) fn value(&self, position: usize) -> i32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.values[4 * position..4 * position + 4]);
        i32::from_le_bytes(bytes)
    }

    pub(super) fn require_in(&self, root: &Hash, index: u32, count: u32) -> Result<()> {
        let implied = root_from_path(leaf_hash(&[&self.values]), index, count, &self.path);
        require!(implied.as_ref() == Some(root), PlenaryError::BadProof);
        Ok(())
    }
}

/// A leaf of the updates tree or of the rewards tree.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub enum TreeLeaf {
    Update(UpdateLeaf),
    Reward(RewardLeaf),
}

impl TreeLeaf {
    pub(super) fn hash(&self) -> Hash {
        match self {
            Self::Update(leaf) => leaf.hash(),
            Self::Reward(leaf) => leaf.hash(),
        }
    }

    pub(super) fn member(&self) -> &Pubkey {
        match self {
            Self::Update(leaf) => &leaf.member,
            Self::Reward(leaf) => &leaf.member,
        }
    }
}

/// An update leaf and its audit path.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct LeafProof {
    pub leaf: UpdateLeaf,
    pub path: Vec<Hash>,
}

/// The aggregator's answer to a demand.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub enum Answer {
    Leaf { leaf: TreeLeaf, path: Vec<Hash> },
    Chunk(Chunk),
}
