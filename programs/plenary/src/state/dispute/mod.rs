//! Disputes about committed rounds.
//!
//! The account copies the roots and counts that steps are checked against, so that a step needs
//! only the dispute and a signer. Rules are read from the round when the dispute is resolved.

mod demand;
mod evidence;
mod folding;
mod search;
mod verdict;

use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::{root_from_path, Hash, FRONTIER_LEVELS};
use crate::state::Round;

pub use demand::*;
pub use evidence::*;
pub use folding::*;
pub use verdict::*;

/// First seed of a dispute's address; round, challenger, kind (u8) and index (u32) follow. The IDL
/// does not derive the address, because kind and index are computed from the subject.
#[constant]
pub const DISPUTE_SEED: &[u8] = Dispute::SEED;
/// Integers in one chunk of a vector: one leaf of its tree.
pub const CHUNK_LENGTH: usize = 64;

/// Time for each of a challenger's transactions, which must confirm one after the other.
#[constant]
pub const STEP_SECONDS: u32 = 10;
/// Steps that a dispute gets in addition to one for each leaf and one for each leaf's chunk.
#[constant]
pub const SPARE_STEPS: u32 = 16;
/// What a dispute needs next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    Leaf,
    Chunk(Vector),
}

/// One challenge of one thing in one committed round. Zero-copy, because a few hundred transactions
/// may write to it.
#[account(zero_copy)]
pub struct Dispute {
    pub version: u8,
    pub bump: u8,
    pub federation: Pubkey,
    pub round: Pubkey,
    pub challenger: Pubkey,
    pub kind: u8,
    /// Vectors of the server's state that the dispute needs chunks of: 0 or 1.
    pub state_vectors: u8,
    /// 1 once the evidence decides against the aggregator, 2 against the challenger; else 0.
    pub decided: u8,
    /// The first fault found in committed values; it counts once the root has matched.
    pub fault: u8,
    /// A bit for each vector whose chunk was received.
    pub received: u8,
    /// Whether the leaf that was folded last still waits for its delta chunk.
    pub chunk_pending: u8,
    pub deposit: u64,
    /// Unix seconds.
    pub opened_at: i64,
    /// Last second at which the challenger may act.
    pub expires_at: i64,
    /// Last second at which the aggregator may answer; 0 while nothing is demanded.
    pub demand_deadline: i64,
    /// What the leaves must add up to: weights of updates, or cumulative rewards.
    pub expected_sum: u64,
    pub sum: u64,
    /// Sequence of the receipt, or cumulative reward, that `target` was promised.
    pub target_value: u64,
    /// Chunk or leaf that the dispute is about.
    pub index: u32,
    /// Leaves of the tree that is folded or searched.
    pub leaf_count: u32,
    pub next_leaf: u32,
    /// Bounds of the search: leaves below `low` belong to members before the target, leaves from
    /// `high` on to members after it.
    pub low: u32,
    pub high: u32,
    pub parameter_count: u32,
    pub max_weight: u32,
    pub pending_weight: u32,
    pub demand_seconds: u32,
    /// Zero. Disputes opened before rounds had rules hold a momentum here, which nothing reads.
    pub unused: u16,
    /// Number of chunks that were probed, and the bit of the vector whose chunk is being probed.
    pub probes: u8,
    pub probed: u8,
    pub tree_root: [u8; 32],
    pub previous_member: Pubkey,
    pub pending_delta_root: [u8; 32],
    /// The member whose leaf is searched for.
    pub target: Pubkey,
    /// Hash of the envelope that the receipt names, or of the leaf whose envelope is demanded.
    pub target_hash: [u8; 32],
    pub base_root: [u8; 32],
    pub next_root: [u8; 32],
    pub base_state_root: [u8; 32],
    pub next_state_root: [u8; 32],
    pub frontier: [[u8; 32]; FRONTIER_LEVELS],
    pub sums: [i64; CHUNK_LENGTH],
    pub base: [i32; CHUNK_LENGTH],
    pub next: [i32; CHUNK_LENGTH],
    pub base_state: [i32; CHUNK_LENGTH],
    pub next_state: [i32; CHUNK_LENGTH],
}

const UPHELD: u8 = 1;
const REJECTED: u8 = 2;

impl Dispute {
    pub const SEED: &'static [u8] = b"dispute";
    pub const VERSION: u8 = 1;

    pub const CHUNK: u8 = 0;
    pub const ENVELOPE: u8 = 1;
    pub const OMISSION: u8 = 2;
    pub const SHORTFALL: u8 = 3;
    pub const TOTAL: u8 = 4;

    /// Copies what the dispute needs from `round`.
    pub fn open(
        &mut self,
        round: &Account<Round>,
        subject: &DisputeSubject,
        now: i64,
    ) -> Result<()> {
        self.version = Self::VERSION;
        self.federation = round.federation;
        self.round = round.key();
        self.kind = subject.kind();
        self.index = subject.index();
        let on_rewards = matches!(self.kind, Self::SHORTFALL | Self::TOTAL);
        (self.tree_root, self.leaf_count) = if on_rewards {
            (round.rewards_root, round.reward_count)
        } else {
            (round.updates_root, round.update_count)
        };
        self.high = self.leaf_count;
        self.opened_at = now;
        self.demand_seconds = round
            .challenge_window
            .clamp(MIN_DEMAND_SECONDS, MAX_DEMAND_SECONDS);
        let steps = self
            .leaf_count
            .saturating_mul(2)
            .saturating_add(SPARE_STEPS);
        // Cannot overflow: both factors are below 2^32.
        let time = i64::from(steps) * i64::from(STEP_SECONDS);
        self.expires_at = now.checked_add(time).ok_or(PlenaryError::Overflow)?;
        match subject {
            DisputeSubject::Chunk { index } => self.open_chunk(round, *index),
            DisputeSubject::Envelope { index, leaf, path } => {
                self.require_leaf(leaf.hash(), *index, path)?;
                self.target_hash = leaf.hash();
                self.start_demand(now)
            }
            DisputeSubject::Total => {
                require!(self.leaf_count > 0, PlenaryError::NothingToDispute);
                self.expected_sum = round.cumulative_rewards;
                Ok(())
            }
            // The target comes from a receipt or from another round: see `search_for`.
            DisputeSubject::Omission | DisputeSubject::Shortfall { .. } => Ok(()),
        }
    }

    fn open_chunk(&mut self, round: &Round, index: u32) -> Result<()> {
        require!(round.rules.provable, PlenaryError::RulesReplayOnly);
        self.state_vectors = round.rules.state_vectors;
        self.parameter_count = round.parameter_count;
        self.max_weight = round.max_weight;
        self.expected_sum = round.total_weight.into();
        self.base_root = round.base_root;
        self.next_root = round.next_root;
        self.base_state_root = round.base_state_root;
        self.next_state_root = round.next_state_root;
        require!(index < self.chunk_count(), PlenaryError::NoSuchChunk);
        Ok(())
    }

    fn chunk_count(&self) -> u32 {
        self.parameter_count.div_ceil(CHUNK_LENGTH as u32)
    }

    pub(super) fn require_leaf(&self, hash: Hash, index: u32, path: &[Hash]) -> Result<()> {
        let root = root_from_path(hash, index, self.leaf_count, path);
        require!(root == Some(self.tree_root), PlenaryError::BadProof);
        Ok(())
    }

    /// What the dispute needs next: from the challenger, or from the aggregator once it is
    /// demanded.
    pub fn missing(&self) -> Option<Missing> {
        let folds = matches!(self.kind, Self::CHUNK | Self::TOTAL);
        if !folds || self.decided != 0 {
            None
        } else if let Some(vector) = self.vector_of_bit(self.probed) {
            Some(Missing::Chunk(vector))
        } else if self.chunk_pending != 0 {
            Some(Missing::Chunk(Vector::Delta))
        } else if self.next_leaf < self.leaf_count {
            Some(Missing::Leaf)
        } else if self.kind == Self::TOTAL || self.fault != fault::NONE {
            // A fault in the leaves decides, so no chunk is needed.
            None
        } else {
            self.vectors()
                .iter()
                .find(|vector| self.received & vector.bit() == 0)
                .map(|vector| Missing::Chunk(*vector))
        }
    }

    fn vector_of_bit(&self, bit: u8) -> Option<Vector> {
        self.vectors()
            .iter()
            .find(|vector| vector.bit() == bit)
            .copied()
    }

    fn vectors(&self) -> &'static [Vector] {
        if self.state_vectors > 0 {
            &[
                Vector::Base,
                Vector::Next,
                Vector::BaseState,
                Vector::NextState,
            ]
        } else {
            &[Vector::Base, Vector::Next]
        }
    }

    /// Whether the challenger may take a step: the dispute must be undecided and in time, and no
    /// demand may be pending.
    pub fn require_steppable(&self, now: i64) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        require!(self.decided == 0, PlenaryError::DisputeDecided);
        require!(self.demand_deadline == 0, PlenaryError::DemandPending);
        require!(now <= self.expires_at, PlenaryError::DisputeExpired);
        Ok(())
    }
}
