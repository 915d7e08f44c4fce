use anchor_lang::prelude::*;

use crate::errors::PlenaryError;

/// One organisation in one federation. Envelopes, update leaves and reward leaves name the member
/// by this account's address.
#[account]
#[derive(InitSpace, Debug)]
pub struct Member {
    pub version: u8,
    pub bump: u8,
    pub federation: Pubkey,
    pub owner: Pubkey,
    pub rent_payer: Pubkey,
    /// Signs envelopes of the rounds from `key_since_round` on.
    pub update_key: Pubkey,
    /// Signed the envelopes of earlier rounds.
    pub previous_key: Pubkey,
    pub key_since_round: u64,
    /// Token account that rewards are paid to.
    pub payout: Pubkey,
    pub stake: u64,
    /// First round in which the member may take part.
    pub joined_round: u64,
    /// Unix seconds; 0 while the member has not asked to leave.
    pub exit_requested_at: i64,
    /// First round in which the member may no longer take part; 0 while it has not asked to leave.
    pub exit_round: u64,
    pub claimed_total: u64,
    /// How often the member was proven to have signed two envelopes with one sequence.
    pub equivocations: u32,
}

impl Member {
    pub const SEED: &'static [u8] = b"member";
    pub const VERSION: u8 = 1;

    /// Checks what must hold after every instruction.
    pub fn invariant(&self) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        let exiting = self.exit_requested_at != 0;
        let holds = self.update_key != Pubkey::default()
            && self.key_since_round >= self.joined_round
            && exiting == (self.exit_round != 0)
            && (!exiting || self.exit_round >= self.joined_round);
        require!(holds, PlenaryError::InvariantBroken);
        Ok(())
    }

    pub fn has_exited(&self) -> bool {
        self.exit_requested_at != 0
    }

    /// Makes `key` sign from `next_round` on. The previous key is kept while a round that it signed
    /// can be challenged.
    pub fn rotate_key(
        &mut self,
        key: Pubkey,
        next_round: u64,
        oldest_unsettled: u64,
    ) -> Result<()> {
        require!(key != Pubkey::default(), PlenaryError::AddressMissing);
        if self.key_since_round < next_round {
            require!(
                self.key_since_round <= oldest_unsettled,
                PlenaryError::KeyRotatedRecently
            );
            self.previous_key = self.update_key;
            self.key_since_round = next_round;
        }
        self.update_key = key;
        Ok(())
    }

    /// Records that the member asked to leave, from `next_round` on.
    pub fn leave(&mut self, now: i64, next_round: u64) -> Result<()> {
        require!(!self.has_exited(), PlenaryError::AlreadyExited);
        self.exit_requested_at = now;
        self.exit_round = next_round;
        Ok(())
    }

    /// Whether the member may take part in a round: when the round opened, it had joined and not
    /// left.
    pub fn is_in(&self, round: u64) -> bool {
        self.joined_round <= round && (self.exit_round == 0 || round < self.exit_round)
    }

    /// The key that signs the member's envelopes of a round.
    pub fn update_key_at(&self, round: u64) -> Pubkey {
        if round >= self.key_since_round {
            self.update_key
        } else {
            self.previous_key
        }
    }

    /// Takes the stake of a member that signed two envelopes with one sequence, and makes it leave,
    /// since it has nothing at stake any more. Returns the stake, and whether the member had not
    /// left.
    pub fn slash(&mut self, now: i64, next_round: u64) -> Result<(u64, bool)> {
        require!(self.stake > 0, PlenaryError::NothingToSlash);
        self.equivocations = self
            .equivocations
            .checked_add(1)
            .ok_or(PlenaryError::Overflow)?;
        let was_active = !self.has_exited();
        if was_active {
            self.leave(now, next_round)?;
        }
        Ok((std::mem::take(&mut self.stake), was_active))
    }

    /// Refuses while a round in which the member could take part can be challenged. Until then its
    /// stake and its keys are evidence, which a member that left must not remove by withdrawing,
    /// closing its account or joining again.
    pub fn require_settled(&self, oldest_unsettled: u64) -> Result<()> {
        require!(
            self.exit_round <= oldest_unsettled,
            PlenaryError::MemberRoundsNotFinal
        );
        Ok(())
    }

    /// Releases the stake once the cooldown is over; returns its amount.
    pub fn withdraw(&mut self, now: i64, cooldown: u32) -> Result<u64> {
        require!(self.has_exited(), PlenaryError::NotExited);
        let free_at = self
            .exit_requested_at
            .checked_add(i64::from(cooldown))
            .ok_or(PlenaryError::Overflow)?;
        require!(now >= free_at, PlenaryError::CooldownNotOver);
        require!(self.stake > 0, PlenaryError::NothingToWithdraw);
        Ok(std::mem::take(&mut self.stake))
    }

    /// Records a claim of everything up to `cumulative`; returns what is due now.
    pub fn claim(&mut self, cumulative: u64) -> Result<u64> {
        require!(
            cumulative > self.claimed_total,
            PlenaryError::NothingToClaim
        );
        // Cannot underflow: compared above.
        let due = cumulative - self.claimed_total;
        self.claimed_total = cumulative;
        Ok(due)
    }
}
