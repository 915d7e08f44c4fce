//! How disputes end.

use anchor_lang::prelude::*;

use super::{Dispute, UPHELD};
use crate::state::Rules;

/// Why an aggregator lost. The codes are in events: never reuse one.
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
    /// How the dispute ends, or `None` while it is undecided. `rules` are the round's.
    pub fn verdict(&mut self, rules: &Rules, now: i64) -> Result<Option<Verdict>> {
        if self.decided != 0 {
            return Ok(Some(if self.decided == UPHELD {
                Verdict::Upheld
            } else {
                Verdict::Rejected
            }));
        }
        if self.demand_deadline != 0 {
            if now <= self.demand_deadline {
                return Ok(None);
            }
            self.note(fault::DEMAND_UNANSWERED);
            return Ok(Some(Verdict::Upheld));
        }
        let folds = matches!(self.kind, Self::CHUNK | Self::TOTAL);
        if folds && self.missing().is_none() {
            if self.kind == Self::CHUNK
                && self.fault == fault::NONE
                && !self.is_chunk_right(rules)?
            {
                self.note(fault::WRONG_CHUNK);
            }
            return Ok(Some(if self.fault == fault::NONE {
                Verdict::Rejected
            } else {
                Verdict::Upheld
            }));
        }
        Ok((now > self.expires_at).then_some(Verdict::Rejected))
    }

    /// Computes the chunk again, by the round's rules.
    fn is_chunk_right(&self, rules: &Rules) -> Result<bool> {
        // Cannot wrap: without a fault, the sum of weights is the committed total, a u32.
        let weight = self.sum as i64;
        // Without weight there is no aggregate that the chunk could follow from.
        let step = rules.step(&self.sums, weight, &self.base, &self.base_state)?;
        Ok(step.is_some_and(|step| step.next == self.next && step.state == self.next_state))
    }
}
