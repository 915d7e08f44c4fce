//! The federation's chain of rounds: which is open, which are pending, and what the next builds on.

use anchor_lang::prelude::*;

use super::Federation;
use crate::errors::PlenaryError;
use crate::state::Round;

/// Most committed rounds that may await the end of their challenge windows at once.
#[constant]
pub const MAX_PENDING_ROUNDS: u8 = 64;
pub(super) const PENDING_CAPACITY: usize = MAX_PENDING_ROUNDS as usize;

impl Federation {
    /// Whether no round is open and none is in its challenge window.
    pub fn is_settled(&self) -> bool {
        self.open_round == 0 && self.pending.is_empty()
    }

    /// The oldest round that can still be disputed. Every earlier one is final or void.
    pub fn oldest_unsettled_round(&self) -> u64 {
        let open = if self.open_round == 0 {
            self.next_round
        } else {
            self.open_round
        };
        self.pending.first().copied().unwrap_or(open)
    }

    /// Takes the next round number and reserves that round's budget.
    pub fn open(&mut self) -> Result<u64> {
        require!(self.open_round == 0, PlenaryError::RoundAlreadyOpen);
        require!(
            self.pending.len() < PENDING_CAPACITY,
            PlenaryError::TooManyPendingRounds
        );
        let number = self.next_round;
        self.next_round = number.checked_add(1).ok_or(PlenaryError::Overflow)?;
        self.open_round = number;
        Ok(number)
    }

    /// Makes the round that was just committed the base of the next one.
    pub fn commit(&mut self, round: &Round) -> Result<()> {
        require!(
            self.open_round == round.number,
            PlenaryError::RoundNotCurrent
        );
        self.open_round = 0;
        self.pending.push(round.number);
        self.last_committed_round = round.number;
        self.last_model_root = round.next_root;
        self.last_state_root = round.next_state_root;
        self.promised = round.cumulative_rewards;
        Ok(())
    }

    /// Makes the oldest pending round final.
    pub fn finalize(&mut self, round: &Round) -> Result<()> {
        require!(
            self.pending.first() == Some(&round.number),
            PlenaryError::RoundOutOfOrder
        );
        self.pending.remove(0);
        self.final_round = round.number;
        self.total_earned = round.cumulative_rewards;
        Ok(())
    }

    /// Whether the round is no longer open or pending because a round that it builds on was voided.
    pub fn has_dropped(&self, round: &Round) -> bool {
        round.number != self.open_round && !self.pending.contains(&round.number)
    }

    /// Drops a round and all rounds that build on it. The next round has the dropped round's base.
    pub fn drop_from(&mut self, round: &Round) {
        if let Some(position) = self
            .pending
            .iter()
            .position(|number| *number == round.number)
        {
            self.pending.truncate(position);
            self.last_committed_round = round.base_round;
            self.last_model_root = round.base_root;
            self.last_state_root = round.base_state_root;
            self.promised = round.base_cumulative_rewards;
            // An open round can only build on a round that was just dropped.
            self.open_round = 0;
        } else if self.open_round == round.number {
            self.open_round = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::EMPTY_ROOT;
    use crate::state::golden::golden;
    use crate::state::RoundStatus;

    /// Opens and commits the next round. Its root repeats its number, and it pays 100.
    fn commit(federation: &mut Federation) -> Round {
        let mut round: Round = golden("round");
        round.number = federation.open().unwrap();
        round.open(federation, 1, 1).unwrap();
        round.next_root = [u8::try_from(round.number).unwrap(); 32];
        round.next_state_root = EMPTY_ROOT;
        round.cumulative_rewards = 1000 + 100 * round.number;
        round.status = RoundStatus::Committed;
        federation.commit(&round).unwrap();
        federation.invariant().unwrap();
        round
    }

    #[test]
    fn a_void_drops_every_round_that_builds_on_it() {
        let mut federation: Federation = golden("federation");
        let kept = commit(&mut federation);
        let wrong = commit(&mut federation);
        let above = commit(&mut federation);
        federation.open().unwrap();
        federation.drop_from(&wrong);
        federation.invariant().unwrap();
        assert_eq!(federation.last_committed_round, kept.number);
        assert_eq!(federation.last_model_root, kept.next_root);
        assert_eq!(federation.promised, kept.cumulative_rewards);
        assert_eq!(federation.open_round, 0);
        assert!(federation.has_dropped(&above));
        assert!(!federation.has_dropped(&kept));

        // Later rounds have new numbers, and voiding a round that was dropped does not touch them.
        let later = commit(&mut federation);
        assert_eq!(later.number, above.number + 2);
        assert_eq!(later.base_round, kept.number);
        federation.drop_from(&above);
        federation.invariant().unwrap();
        assert_eq!(federation.last_committed_round, later.number);
    }

    #[test]
    fn voiding_every_round_returns_to_the_last_final_one() {
        let mut federation: Federation = golden("federation");
        let (root, promised) = (federation.last_model_root, federation.promised);
        let first = commit(&mut federation);
        commit(&mut federation);
        federation.drop_from(&first);
        federation.invariant().unwrap();
        assert_eq!(federation.last_model_root, root);
        assert_eq!(federation.promised, promised);
    }
}
