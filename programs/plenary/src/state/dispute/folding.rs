//! The leaves and chunks that a dispute takes in, in their order.

use anchor_lang::prelude::*;

use super::{fault, Chunk, Dispute, Missing, TreeLeaf, Vector, CHUNK_LENGTH};
use crate::errors::PlenaryError;
use crate::merkle::{fold_leaf, frontier_root, Hash, RewardLeaf, UpdateLeaf};

/// Entries of an update are below this in magnitude, so that weighted sums stay below 2^53.
#[constant]
pub const DELTA_LIMIT: i32 = 1 << 27;
/// Largest reason code of a leaf.
#[constant]
pub const LAST_REASON: u8 = 5;

impl Dispute {
    /// Folds the next leaf. It needs no proof, because the root must match after the last one.
    pub fn take_leaf(&mut self, leaf: &TreeLeaf) -> Result<()> {
        let matches = self.fold(leaf)?;
        require!(matches, PlenaryError::BadProof);
        Ok(())
    }

    /// Folds a leaf. Returns false if it was the last one and the leaves do not give the committed
    /// root.
    pub(super) fn fold(&mut self, leaf: &TreeLeaf) -> Result<bool> {
        require!(
            self.missing() == Some(Missing::Leaf),
            PlenaryError::LeafNotExpected
        );
        match (self.kind, leaf) {
            (Self::CHUNK, TreeLeaf::Update(update)) => self.note_update(update),
            (Self::TOTAL, TreeLeaf::Reward(reward)) => self.note_reward(reward),
            _ => return err!(PlenaryError::WrongLeafKind),
        }
        let member = leaf.member();
        if self.next_leaf > 0 && *member <= self.previous_member {
            self.note(fault::LEAVES_UNSORTED);
        }
        self.previous_member = *member;
        fold_leaf(&mut self.frontier, self.next_leaf, leaf.hash()).ok_or(PlenaryError::Overflow)?;
        // Cannot overflow: `missing` has found it below the count.
        self.next_leaf += 1;
        if self.next_leaf < self.leaf_count {
            return Ok(true);
        }
        if self.sum != self.expected_sum {
            self.note(fault::TOTAL_MISMATCH);
        }
        Ok(frontier_root(&self.frontier, self.leaf_count) == Some(self.tree_root))
    }

    pub(super) fn note(&mut self, fault: u8) {
        if self.fault == fault::NONE {
            self.fault = fault;
        }
    }

    /// A forbidden committed value decides against the aggregator. It is never an error, which
    /// would only stop the challenger.
    fn note_update(&mut self, leaf: &UpdateLeaf) {
        if leaf.version != UpdateLeaf::VERSION {
            self.note(fault::LEAF_VERSION);
        }
        if leaf.weight > self.max_weight {
            self.note(fault::WEIGHT_ABOVE_LIMIT);
        }
        let counted = leaf.reason == 0;
        if counted != (leaf.weight > 0) || leaf.reason > LAST_REASON {
            self.note(fault::REASON_MISMATCH);
        }
        self.sum = self.sum.saturating_add(leaf.weight.into());
        if self.fault == fault::NONE && counted {
            self.chunk_pending = 1;
            self.pending_weight = leaf.weight;
            self.pending_delta_root = leaf.delta_root;
        }
    }

    fn note_reward(&mut self, leaf: &RewardLeaf) {
        if leaf.version != RewardLeaf::VERSION {
            self.note(fault::LEAF_VERSION);
        }
        // A sum of 2^64 or more is not the committed total either, which the vault could pay.
        self.sum = self.sum.saturating_add(leaf.cumulative);
    }

    pub fn take_chunk(&mut self, vector: Vector, chunk: &Chunk) -> Result<()> {
        require!(self.kind == Self::CHUNK, PlenaryError::WrongKind);
        if vector == Vector::Delta {
            self.add_delta(chunk)
        } else {
            self.set_vector(vector, chunk)
        }
    }

    /// Adds the pending update's chunk, times its weight.
    ///
    /// Cannot overflow: a pending leaf weighs at most `max_weight`, there are at most `max_updates`
    /// of them, and the federation's terms keep the product below 2^26. Entries of 2^27 or more are
    /// noted and not added. So every sum stays below 2^53.
    fn add_delta(&mut self, chunk: &Chunk) -> Result<()> {
        require!(self.chunk_pending != 0, PlenaryError::ChunkNotExpected);
        chunk.require_in(&self.pending_delta_root, self.index, self.chunk_count())?;
        self.chunk_pending = 0;
        let weight = i64::from(self.pending_weight);
        let length = self.chunk_length();
        for position in 0..CHUNK_LENGTH {
            let value = chunk.value(position);
            if value <= -DELTA_LIMIT || value >= DELTA_LIMIT {
                self.note(fault::DELTA_OUT_OF_RANGE);
            } else if position >= length && value != 0 {
                self.note(fault::PADDING_NOT_ZERO);
            } else {
                self.sums[position] += weight * i64::from(value);
            }
        }
        Ok(())
    }

    /// Parameters in the disputed chunk. The last chunk may be padded with zeros.
    fn chunk_length(&self) -> usize {
        // Cannot overflow: index < chunk_count <= 2^20.
        let before = self.index as usize * CHUNK_LENGTH;
        (self.parameter_count as usize)
            .saturating_sub(before)
            .min(CHUNK_LENGTH)
    }

    fn set_vector(&mut self, vector: Vector, chunk: &Chunk) -> Result<()> {
        require!(
            self.vectors().contains(&vector) && self.received & vector.bit() == 0,
            PlenaryError::ChunkNotExpected
        );
        let (root, count) = (*self.root_of(vector), self.chunk_count());
        chunk.require_in(&root, self.index, count)?;
        let values = match vector {
            Vector::Base => &mut self.base,
            Vector::Next => &mut self.next,
            Vector::BaseState => &mut self.base_state,
            Vector::NextState => &mut self.next_state,
            Vector::Delta => return err!(PlenaryError::ChunkNotExpected),
        };
        for (position, value) in values.iter_mut().enumerate() {
            *value = chunk.value(position);
        }
        self.received |= vector.bit();
        self.probed = 0;
        Ok(())
    }

    fn root_of(&self, vector: Vector) -> &Hash {
        match vector {
            Vector::Base => &self.base_root,
            Vector::Next => &self.next_root,
            Vector::BaseState => &self.base_state_root,
            Vector::NextState => &self.next_state_root,
            Vector::Delta => &self.pending_delta_root,
        }
    }
}
