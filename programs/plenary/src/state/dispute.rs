//! One challenge of one committed round, and the arithmetic that decides it. The account holds copies of all that it is decided by, so that
//! a step needs only the dispute and a signer, and what is fed is checked against the committed roots here.

use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::{
    fold_leaf, frontier_root, leaf_hash, root_from_path, Hash, RewardLeaf, UpdateLeaf,
    FRONTIER_LEVELS,
};
use crate::state::{Round, STRATEGY_FEDAVGM};

/// Integers in one chunk of a vector: one leaf of its tree.
pub const CHUNK_LENGTH: usize = 64;
/// Entries of an update are below this in magnitude, so that sums of weighted entries stay below 2^53 (see `add_delta`).
const DELTA_LIMIT: i32 = 1 << 27;
/// Models and server states are clamped to this.
const VALUE_LIMIT: i64 = i32::MAX as i64;
/// Largest reason code that a leaf may state.
const LAST_REASON: u8 = 5;

/// Time that a challenger has for each of its transactions, which must confirm one after the other.
const STEP_SECONDS: u32 = 10;
/// Steps that every dispute is given beyond one for each leaf and one for each leaf's chunk.
const SPARE_STEPS: u32 = 16;
/// An aggregator has as long as a challenge window to answer a demand, within these bounds.
const DEMAND_SECONDS: (u32, u32) = (5, 3600);

/// What a challenger holds against a committed round.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub enum DisputeSubject {
    /// Chunk `index` of the next model, or of the server's next state, does not follow from the updates.
    Chunk { index: u32 },
    /// No member has signed the update in this leaf: the aggregator must show the envelope.
    Envelope {
        index: u32,
        leaf: UpdateLeaf,
        path: Vec<Hash>,
    },
    /// A member holds a receipt, verified by the instruction before, and has no leaf that agrees with it.
    Omission,
    /// A member's cumulative reward, as the base round committed it, has fallen or is gone.
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

    /// Chunk or leaf that the dispute is about; keeps the disputes of one challenger apart.
    pub fn index(&self) -> u32 {
        match self {
            Self::Chunk { index }
            | Self::Envelope { index, .. }
            | Self::Shortfall { index, .. } => *index,
            Self::Omission | Self::Total => 0,
        }
    }
}

/// A vector whose chunk a dispute is decided by.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vector {
    /// The update in the leaf that was folded last.
    Delta,
    Base,
    Next,
    BaseState,
    NextState,
}

impl Vector {
    /// In which of the committed vectors a chunk was received.
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// 64 little-endian integers of a vector and their audit path.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct Chunk {
    pub values: [u8; 4 * CHUNK_LENGTH],
    pub path: Vec<Hash>,
}

impl Chunk {
    fn value(&self, position: usize) -> i32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.values[4 * position..4 * position + 4]);
        i32::from_le_bytes(bytes)
    }

    fn require_in(&self, root: &Hash, index: u32, count: u32) -> Result<()> {
        let implied = root_from_path(leaf_hash(&[&self.values]), index, count, &self.path);
        require!(implied.as_ref() == Some(root), PlenaryError::BadProof);
        Ok(())
    }
}

/// A leaf of either tree.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub enum TreeLeaf {
    Update(UpdateLeaf),
    Reward(RewardLeaf),
}

impl TreeLeaf {
    fn hash(&self) -> Hash {
        match self {
            Self::Update(leaf) => leaf.hash(),
            Self::Reward(leaf) => leaf.hash(),
        }
    }

    fn member(&self) -> &Pubkey {
        match self {
            Self::Update(leaf) => &leaf.member,
            Self::Reward(leaf) => &leaf.member,
        }
    }
}

/// What a dispute lacks next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    Leaf,
    Chunk(Vector),
}

/// Why an aggregator lost. The codes stand in events: never reuse one.
pub mod fault {
    pub const NONE: u8 = 0;
    pub const LEAF_VERSION: u8 = 1;
    pub const LEAVES_UNSORTED: u8 = 2;
    pub const WEIGHT_ABOVE_LIMIT: u8 = 3;
    pub const REASON_MISMATCH: u8 = 4;
    pub const DELTA_OUT_OF_RANGE: u8 = 5;
    pub const PADDING_NOT_ZERO: u8 = 6;
    pub const TOTAL_MISMATCH: u8 = 7;
    pub const WRONG_CHUNK: u8 = 8;
    pub const DEMAND_UNANSWERED: u8 = 9;
    pub const MEMBER_OMITTED: u8 = 10;
    pub const REWARD_FELL: u8 = 11;
}

/// How a dispute ends.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The aggregator was wrong: the round is void.
    Upheld,
    /// The aggregator was right, or the challenger stopped.
    Rejected,
    /// The round was void before the dispute was decided.
    Moot,
}

#[account(zero_copy)]
pub struct Dispute {
    pub version: u8,
    pub bump: u8,
    pub federation: Pubkey,
    pub round: Pubkey,
    pub challenger: Pubkey,
    pub kind: u8,
    pub strategy: u8,
    /// Whether the dispute is decided by what was shown, against the aggregator (1) or against the challenger (2).
    pub decided: u8,
    /// The first thing that was found wrong in committed values; counts once the root has matched.
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
    /// Bounds of the search: leaves below `low` are of members before the target, leaves from `high` on of members after it.
    pub low: u32,
    pub high: u32,
    pub parameter_count: u32,
    pub max_weight: u32,
    pub pending_weight: u32,
    pub demand_seconds: u32,
    /// Server momentum in 1/65536.
    pub momentum: u16,
    pub padding: [u8; 2],
    pub tree_root: [u8; 32],
    pub previous_member: Pubkey,
    pub pending_delta_root: [u8; 32],
    /// The member that is searched for.
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

    /// Copies what every dispute about `round` needs.
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
            .clamp(DEMAND_SECONDS.0, DEMAND_SECONDS.1);
        let steps = self
            .leaf_count
            .saturating_mul(2)
            .saturating_add(SPARE_STEPS);
        // cannot overflow: both factors are below 2^32
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
            // what they search for comes from a receipt or from another round: see `search_for`
            DisputeSubject::Omission | DisputeSubject::Shortfall { .. } => Ok(()),
        }
    }

    fn open_chunk(&mut self, round: &Round, index: u32) -> Result<()> {
        require!(
            round.strategy <= STRATEGY_FEDAVGM,
            PlenaryError::StrategyNotProvable
        );
        self.strategy = round.strategy;
        self.momentum = round.momentum;
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

    pub fn search_for(&mut self, target: Pubkey, value: u64, hash: Hash) {
        self.target = target;
        self.target_value = value;
        self.target_hash = hash;
    }

    fn chunk_count(&self) -> u32 {
        self.parameter_count.div_ceil(CHUNK_LENGTH as u32)
    }

    fn require_leaf(&self, hash: Hash, index: u32, path: &[Hash]) -> Result<()> {
        let root = root_from_path(hash, index, self.leaf_count, path);
        require!(root == Some(self.tree_root), PlenaryError::BadProof);
        Ok(())
    }

    /// What the dispute waits for next, to be given by the challenger or, once it is demanded, by the aggregator.
    pub fn missing(&self) -> Option<Missing> {
        let folds = matches!(self.kind, Self::CHUNK | Self::TOTAL);
        if !folds || self.decided != 0 {
            None
        } else if self.chunk_pending != 0 {
            Some(Missing::Chunk(Vector::Delta))
        } else if self.next_leaf < self.leaf_count {
            Some(Missing::Leaf)
        } else if self.kind == Self::TOTAL || self.fault != fault::NONE {
            // a fault in the leaves decides: no chunk is needed
            None
        } else {
            self.vectors()
                .iter()
                .find(|vector| self.received & vector.bit() == 0)
                .map(|vector| Missing::Chunk(*vector))
        }
    }

    fn vectors(&self) -> &'static [Vector] {
        if self.strategy == STRATEGY_FEDAVGM {
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

    /// A step of the challenger: nothing may be demanded meanwhile, and the dispute must be undecided and in time.
    pub fn require_steppable(&self, now: i64) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        require!(self.decided == 0, PlenaryError::DisputeDecided);
        require!(self.demand_deadline == 0, PlenaryError::DemandPending);
        require!(now <= self.expires_at, PlenaryError::DisputeExpired);
        Ok(())
    }

    fn require_answerable(&self, now: i64) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        require!(self.decided == 0, PlenaryError::DisputeDecided);
        require!(self.demand_deadline != 0, PlenaryError::NothingDemanded);
        require!(now <= self.demand_deadline, PlenaryError::AnswerTooLate);
        Ok(())
    }

    /// Folds the next leaf, which the challenger need not prove: after the last one the root must match.
    pub fn take_leaf(&mut self, leaf: &TreeLeaf) -> Result<()> {
        let matches = self.fold(leaf)?;
        require!(matches, PlenaryError::BadProof);
        Ok(())
    }

    /// Folds a leaf; false if it was the last one and the leaves do not give the committed root.
    fn fold(&mut self, leaf: &TreeLeaf) -> Result<bool> {
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
        // cannot overflow: `missing` has found it below the count
        self.next_leaf += 1;
        if self.next_leaf < self.leaf_count {
            return Ok(true);
        }
        if self.sum != self.expected_sum {
            self.note(fault::TOTAL_MISMATCH);
        }
        Ok(frontier_root(&self.frontier, self.leaf_count) == Some(self.tree_root))
    }

    fn note(&mut self, fault: u8) {
        if self.fault == fault::NONE {
            self.fault = fault;
        }
    }

    /// A committed value that must not be decides against the aggregator; it is never an error, which would only stop the challenger.
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
        // a sum that would pass 2^64 is not the committed total either, which the vault could pay
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
    /// Cannot overflow: a pending leaf weighs at most `max_weight`, there are at most `max_updates` of them, and the federation's terms keep
    /// the product below 2^26; entries of 2^27 or more are noted and not added. So every sum stays below 2^53.
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

    /// Parameters in the disputed chunk: the last one may be padded with zeros.
    fn chunk_length(&self) -> usize {
        // cannot overflow: index < chunk_count <= 2^20
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

    /// Asks the aggregator for what is missing next. Where that is the chunk of the leaf folded last, the challenger proves that leaf, so
    /// that nobody can demand the chunk of an update that was never committed.
    pub fn demand(&mut self, pending: Option<&LeafProof>, now: i64) -> Result<()> {
        let missing = self.missing().ok_or(PlenaryError::NothingToDemand)?;
        if missing == Missing::Chunk(Vector::Delta) {
            let LeafProof { leaf, path } = pending.ok_or(PlenaryError::BadProof)?;
            let index = self
                .next_leaf
                .checked_sub(1)
                .ok_or(PlenaryError::Overflow)?;
            self.require_leaf(leaf.hash(), index, path)?;
            require!(
                leaf.delta_root == self.pending_delta_root && leaf.weight == self.pending_weight,
                PlenaryError::BadProof
            );
        }
        self.start_demand(now)
    }

    fn start_demand(&mut self, now: i64) -> Result<()> {
        let time = i64::from(self.demand_seconds);
        self.demand_deadline = now.checked_add(time).ok_or(PlenaryError::Overflow)?;
        // waiting for the aggregator must not use up the challenger's time
        self.expires_at = self
            .expires_at
            .checked_add(time)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Takes what was demanded, always with its proof.
    pub fn answer(&mut self, answer: &Answer, now: i64) -> Result<()> {
        self.require_answerable(now)?;
        match (answer, self.missing()) {
            (Answer::Leaf { leaf, path }, Some(Missing::Leaf)) => {
                self.require_leaf(leaf.hash(), self.next_leaf, path)?;
                // the answer is proven, so a root that does not match comes from leaves that the challenger made up
                if !self.fold(leaf)? {
                    self.decided = REJECTED;
                }
            }
            (Answer::Chunk(chunk), Some(Missing::Chunk(vector))) => {
                self.take_chunk(vector, chunk)?
            }
            _ => return err!(PlenaryError::WrongAnswer),
        }
        self.demand_deadline = 0;
        Ok(())
    }

    /// The envelope that was demanded has been shown.
    pub fn show_envelope(&mut self, leaf: &UpdateLeaf, now: i64) -> Result<()> {
        require!(self.kind == Self::ENVELOPE, PlenaryError::WrongKind);
        self.require_answerable(now)?;
        require!(leaf.hash() == self.target_hash, PlenaryError::BadProof);
        // a leaf of an unknown version is no leaf: nothing that is shown for it can be right
        require!(
            leaf.version == UpdateLeaf::VERSION,
            PlenaryError::WrongAnswer
        );
        self.demand_deadline = 0;
        self.decided = REJECTED;
        Ok(())
    }

    /// Takes a proven leaf as a bound of where the target's leaf could stand. Leaves ascend by member, so when the bounds meet there is
    /// none; in a tree that does not ascend they may meet too, and that is the aggregator's fault as well.
    pub fn narrow(&mut self, index: u32, leaf: &TreeLeaf, path: &[Hash]) -> Result<()> {
        let wrong = match (self.kind, leaf) {
            (Self::OMISSION, TreeLeaf::Update(update)) => {
                update.sequence < self.target_value
                    || (update.sequence == self.target_value
                        && update.envelope_hash != self.target_hash)
            }
            (Self::SHORTFALL, TreeLeaf::Reward(reward)) => reward.cumulative < self.target_value,
            (Self::OMISSION | Self::SHORTFALL, _) => return err!(PlenaryError::WrongLeafKind),
            _ => return err!(PlenaryError::WrongKind),
        };
        self.require_leaf(leaf.hash(), index, path)?;
        match leaf.member().cmp(&self.target) {
            std::cmp::Ordering::Equal => {
                require!(wrong, PlenaryError::LeafAgrees);
                self.uphold_search();
                return Ok(());
            }
            // cannot overflow: index < leaf_count
            std::cmp::Ordering::Less => self.low = self.low.max(index + 1),
            std::cmp::Ordering::Greater => self.high = self.high.min(index),
        }
        if self.low >= self.high {
            self.uphold_search();
        }
        Ok(())
    }

    fn uphold_search(&mut self) {
        self.decided = UPHELD;
        self.note(if self.kind == Self::OMISSION {
            fault::MEMBER_OMITTED
        } else {
            fault::REWARD_FELL
        });
    }

    /// How the dispute ends, or `None` while it goes on.
    pub fn verdict(&mut self, now: i64) -> Option<Verdict> {
        if self.decided != 0 {
            return Some(if self.decided == UPHELD {
                Verdict::Upheld
            } else {
                Verdict::Rejected
            });
        }
        if self.demand_deadline != 0 {
            if now <= self.demand_deadline {
                return None;
            }
            self.note(fault::DEMAND_UNANSWERED);
            return Some(Verdict::Upheld);
        }
        let folds = matches!(self.kind, Self::CHUNK | Self::TOTAL);
        if folds && self.missing().is_none() {
            if self.kind == Self::CHUNK && self.fault == fault::NONE && !self.is_chunk_right() {
                self.note(fault::WRONG_CHUNK);
            }
            return Some(if self.fault == fault::NONE {
                Verdict::Rejected
            } else {
                Verdict::Upheld
            });
        }
        (now > self.expires_at).then_some(Verdict::Rejected)
    }

    /// Computes the chunk anew: FedAvg, with server momentum where the strategy has it (docs/protocol.md, "Models are integers").
    fn is_chunk_right(&self) -> bool {
        // the sum of weights equals the committed total, a u32
        let weight = self.sum as i64;
        if weight == 0 {
            return false; // nothing was counted, so there is no mean
        }
        (0..CHUNK_LENGTH).all(|at| {
            // cannot overflow: |sum| < 2^53 and weight < 2^26
            let mean = (2 * self.sums[at] + weight).div_euclid(2 * weight);
            let base = i64::from(self.base[at]);
            if self.strategy != STRATEGY_FEDAVGM {
                return i64::from(self.next[at]) == clamp(base + mean);
            }
            // cannot overflow: momentum < 2^16 and |state| <= 2^31
            let product = i64::from(self.momentum) * i64::from(self.base_state[at]);
            let velocity = clamp((product + (1 << 15)).div_euclid(1 << 16) + mean);
            i64::from(self.next_state[at]) == velocity
                && i64::from(self.next[at]) == clamp(base + velocity)
        })
    }
}

fn clamp(value: i64) -> i64 {
    value.clamp(-VALUE_LIMIT, VALUE_LIMIT)
}

/// An update leaf and its audit path.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct LeafProof {
    pub leaf: UpdateLeaf,
    pub path: Vec<Hash>,
}

/// What an aggregator gives when it is asked.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub enum Answer {
    Leaf { leaf: TreeLeaf, path: Vec<Hash> },
    Chunk(Chunk),
}
