//! What the aggregator is asked for, and its answers.

use anchor_lang::prelude::*;

use super::{Answer, Dispute, LeafProof, Missing, Vector, REJECTED, STEP_SECONDS};
use crate::errors::PlenaryError;

/// Most chunks that a dispute may probe: enough to halve the largest tree (2^20 chunks) down to the
/// wrong chunk, both in the model and in the server's state.
#[constant]
pub const MAX_PROBES: u8 = 2 * 21;
/// Shortest and longest time for an answer. Between them, it is the round's challenge window.
#[constant]
pub const MIN_DEMAND_SECONDS: u32 = 5;
#[constant]
pub const MAX_DEMAND_SECONDS: u32 = 3600;

impl Dispute {
    pub(super) fn require_answerable(&self, now: i64) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        require!(self.decided == 0, PlenaryError::DisputeDecided);
        require!(self.demand_deadline != 0, PlenaryError::NothingDemanded);
        require!(now <= self.demand_deadline, PlenaryError::AnswerTooLate);
        Ok(())
    }

    /// Demands the missing piece from the aggregator. If that is the chunk of the last folded leaf,
    /// the challenger proves the leaf, so that nobody can demand a chunk of an update that was
    /// never committed.
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

    /// Demands chunk `index` of a result, and makes the dispute one about that chunk. It is for
    /// results that the aggregator does not publish: the path in each answer tells the challenger,
    /// which has computed the right result, which half contains the wrong chunk.
    pub fn probe(&mut self, vector: Vector, index: u32, now: i64) -> Result<()> {
        require!(self.kind == Self::CHUNK, PlenaryError::WrongKind);
        // Leaves are folded for one chunk.
        require!(self.next_leaf == 0, PlenaryError::ChunkFixed);
        require!(index < self.chunk_count(), PlenaryError::NoSuchChunk);
        if index != self.index {
            self.index = index;
            self.received = 0;
        }
        let is_result = matches!(vector, Vector::Next | Vector::NextState);
        require!(
            is_result && self.vectors().contains(&vector) && self.received & vector.bit() == 0,
            PlenaryError::ChunkNotExpected
        );
        require!(self.probes < MAX_PROBES, PlenaryError::TooManyProbes);
        self.probes += 1;
        self.probed = vector.bit();
        // A probe must not take time from the steps of the folding.
        self.expires_at = self
            .expires_at
            .checked_add(i64::from(STEP_SECONDS))
            .ok_or(PlenaryError::Overflow)?;
        self.start_demand(now)
    }

    pub(super) fn start_demand(&mut self, now: i64) -> Result<()> {
        let time = i64::from(self.demand_seconds);
        self.demand_deadline = now.checked_add(time).ok_or(PlenaryError::Overflow)?;
        // Waiting for the aggregator must not use up the challenger's time.
        self.expires_at = self
            .expires_at
            .checked_add(time)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Takes the demanded piece, always with its proof.
    pub fn answer(&mut self, answer: &Answer, now: i64) -> Result<()> {
        self.require_answerable(now)?;
        match (answer, self.missing()) {
            (Answer::Leaf { leaf, path }, Some(Missing::Leaf)) => {
                self.require_leaf(leaf.hash(), self.next_leaf, path)?;
                // The answer is proven, so if the root does not match, the challenger made leaves
                // up.
                if !self.fold(leaf)? {
                    self.decided = REJECTED;
                }
            }
            (Answer::Chunk(chunk), Some(Missing::Chunk(vector))) => {
                self.take_chunk(vector, chunk)?
            }
            _ => return err!(PlenaryError::WrongAnswer),
        }
        self.end_demand(now)
    }

    /// Takes back the time that the aggregator did not use. Otherwise a challenger could delay a
    /// round by a whole deadline with each of a thousand demands, however quickly they are
    /// answered.
    pub(super) fn end_demand(&mut self, now: i64) -> Result<()> {
        self.expires_at = self
            .demand_deadline
            .checked_sub(now)
            .and_then(|unused| self.expires_at.checked_sub(unused))
            .ok_or(PlenaryError::Overflow)?;
        self.demand_deadline = 0;
        Ok(())
    }
}
