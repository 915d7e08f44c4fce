//! What a federation owes and holds: rewards in the vault; bond, stakes and deposits in the escrow.

use anchor_lang::prelude::*;

use super::Federation;
use crate::errors::PlenaryError;

/// A dispute's deposit is the federation's minimum bond divided by this, and at least 1.
#[constant]
pub const DEPOSIT_DIVISOR: u64 = 16;

impl Federation {
    /// What the vault must keep: rewards that are promised and not claimed, and the open round's
    /// budget.
    pub fn owed(&self) -> Result<u64> {
        let reserved = if self.open_round == 0 {
            0
        } else {
            self.reward_per_round
        };
        self.promised
            .checked_sub(self.total_claimed)
            .and_then(|due| due.checked_add(reserved))
            .ok_or_else(|| PlenaryError::Overflow.into())
    }

    /// What a challenger deposits: enough to make idle disputes costly, and to cover the fees of
    /// the aggregator's answers.
    pub fn dispute_deposit(&self) -> u64 {
        (self.minimum_bond / DEPOSIT_DIVISOR).max(1)
    }

    /// Counts a deposit in.
    pub fn take_deposit(&mut self, amount: u64) -> Result<()> {
        self.deposits = self
            .deposits
            .checked_add(amount)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Releases a deposit, which goes back to its challenger.
    pub fn return_deposit(&mut self, amount: u64) -> Result<()> {
        self.deposits = self
            .deposits
            .checked_sub(amount)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Adds a lost deposit to the aggregator's bond; both are in the escrow.
    pub fn forfeit_deposit(&mut self, amount: u64) -> Result<()> {
        self.return_deposit(amount)?;
        self.bond = self
            .bond
            .checked_add(amount)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Takes the whole bond. Returns the challenger's half and the vault's: an aggregator that
    /// challenges itself loses the latter.
    pub fn slash_bond(&mut self) -> (u64, u64) {
        halves(std::mem::take(&mut self.bond))
    }

    /// Counts a member in, with its stake.
    pub fn admit(&mut self, stake: u64) -> Result<()> {
        self.stakes = self
            .stakes
            .checked_add(stake)
            .ok_or(PlenaryError::Overflow)?;
        self.members = self.members.checked_add(1).ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Counts a member out. Its stake stays until it is released.
    pub fn dismiss(&mut self) -> Result<()> {
        self.members = self.members.checked_sub(1).ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Releases a stake, which goes back to its member or is slashed.
    pub fn release_stake(&mut self, stake: u64) -> Result<()> {
        self.stakes = self
            .stakes
            .checked_sub(stake)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Counts a claim. Members together never claim more than they have earned.
    pub fn claim(&mut self, amount: u64) -> Result<()> {
        let claimed = self
            .total_claimed
            .checked_add(amount)
            .ok_or(PlenaryError::Overflow)?;
        require!(
            claimed <= self.total_earned,
            PlenaryError::ClaimedAboveEarned
        );
        self.total_claimed = claimed;
        Ok(())
    }
}

/// Half of a slashed amount for the finder of the fault, and the rest for the vault.
pub fn halves(amount: u64) -> (u64, u64) {
    let finder = amount / 2;
    // Cannot underflow: half of an amount is not more than the amount.
    (finder, amount - finder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::golden::golden;

    #[test]
    fn what_is_owed_includes_the_open_rounds_budget() {
        let mut federation: Federation = golden("federation");
        let before = federation.owed().unwrap();
        federation.open().unwrap();
        assert_eq!(
            federation.owed().unwrap(),
            before + federation.reward_per_round
        );
        federation.promised = u64::MAX;
        federation.total_claimed = 0;
        assert!(federation.owed().is_err());
    }

    #[test]
    fn claims_never_pass_what_was_earned() {
        let mut federation: Federation = golden("federation");
        federation.total_earned = 400;
        federation.total_claimed = 300;
        assert!(federation.claim(101).is_err());
        assert!(federation.claim(u64::MAX).is_err());
        federation.claim(100).unwrap();
        assert_eq!(federation.total_claimed, 400);
    }
}
