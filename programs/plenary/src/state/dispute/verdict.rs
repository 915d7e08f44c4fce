//! How disputes end, and the arithmetic that decides those about a chunk.

use anchor_lang::prelude::*;

use super::{Dispute, CHUNK_LENGTH, UPHELD};
use crate::state::STRATEGY_FEDAVGM;

/// Models and server states are clamped to this.
const VALUE_LIMIT: i64 = i32::MAX as i64;

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

impl Dispute {
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
