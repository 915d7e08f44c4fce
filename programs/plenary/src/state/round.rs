use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::{Hash, EMPTY_ROOT, MAX_LEAVES};
use crate::state::{Federation, Rules};

#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoundStatus {
    /// Collects updates.
    Open,
    /// Has a result, which can be disputed within the challenge window.
    Committed,
    /// Its rewards can be claimed.
    Final,
    /// Counts for nothing. Its number is not used again.
    Void,
}

/// What the aggregator states about a round when it commits it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct RoundResult {
    pub next_root: [u8; 32],
    pub next_state_root: [u8; 32],
    pub updates_root: [u8; 32],
    pub update_count: u32,
    pub total_weight: u32,
    pub rewards_root: [u8; 32],
    pub reward_count: u32,
    /// All rewards since the federation began, this round's included.
    pub cumulative_rewards: u64,
    pub manifest_hash: [u8; 32],
}

/// One round. It copies the federation's terms when it opens, so that later changes do not affect
/// it.
#[account]
#[derive(InitSpace, Debug)]
pub struct Round {
    pub version: u8,
    pub bump: u8,
    pub federation: Pubkey,
    pub number: u64,
    pub status: RoundStatus,
    pub rent_payer: Pubkey,
    pub aggregator: Pubkey,
    pub configuration_hash: [u8; 32],
    pub rules: Rules,
    pub parameter_count: u32,
    pub max_updates: u32,
    pub max_weight: u32,
    pub reward_budget: u64,
    pub challenge_window: u32,
    /// The committed round that this one builds on (0 is the first model), and its result, to which
    /// the federation returns if this round is voided.
    pub base_round: u64,
    pub base_root: [u8; 32],
    pub base_state_root: [u8; 32],
    pub base_cumulative_rewards: u64,
    /// The newest entry of the SlotHashes sysvar when the round opened. Seeds derive from it,
    /// because nobody can choose it.
    pub slot: u64,
    pub slot_hash: [u8; 32],
    /// The slot, and the hash over its hash and the envelopes, from which audits are drawn once
    /// uploads have closed. Zero for rounds that are not audited.
    pub audit_slot: u64,
    pub audit_slot_hash: [u8; 32],
    /// Unix seconds.
    pub opened_at: i64,
    pub deadline: i64,
    /// Last second at which the round can be committed. Afterwards anyone may void it.
    pub commit_by: i64,
    pub committed_at: i64,
    pub challenge_ends_at: i64,
    pub next_root: [u8; 32],
    pub next_state_root: [u8; 32],
    pub updates_root: [u8; 32],
    pub update_count: u32,
    pub total_weight: u32,
    pub rewards_root: [u8; 32],
    pub reward_count: u32,
    pub cumulative_rewards: u64,
    pub manifest_hash: [u8; 32],
    pub open_disputes: u32,
}

impl Round {
    pub const SEED: &'static [u8] = b"round";
    pub const VERSION: u8 = 2;

    /// Checks what must hold after every instruction.
    pub fn invariant(&self) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        let committed = self.committed_at != 0;
        let holds = self.base_round < self.number
            && self.opened_at < self.deadline
            && self.deadline <= self.commit_by
            && match self.status {
                RoundStatus::Open => !committed,
                RoundStatus::Committed => committed,
                RoundStatus::Final => committed && self.open_disputes == 0,
                RoundStatus::Void => true,
            }
            && (!committed || self.cumulative_rewards >= self.base_cumulative_rewards);
        require!(holds, PlenaryError::InvariantBroken);
        Ok(())
    }

    /// Copies the federation's terms and the result that the round builds on.
    pub fn open(&mut self, federation: &Federation, now: i64, collect_seconds: u32) -> Result<()> {
        self.status = RoundStatus::Open;
        self.aggregator = federation.aggregator;
        self.configuration_hash = federation.configuration_hash;
        self.rules = federation.rules;
        self.parameter_count = federation.parameter_count;
        self.max_updates = federation.max_updates;
        self.max_weight = federation.max_weight;
        self.reward_budget = federation.reward_per_round;
        self.challenge_window = federation.challenge_window;
        self.base_round = federation.last_committed_round;
        self.base_root = federation.last_model_root;
        self.base_state_root = federation.last_state_root;
        self.base_cumulative_rewards = federation.promised;
        self.opened_at = now;
        self.deadline = later(now, collect_seconds)?;
        self.commit_by = later(self.deadline, federation.grace)?;
        Ok(())
    }

    pub fn commit(&mut self, result: &RoundResult, now: i64) -> Result<()> {
        require!(self.status == RoundStatus::Open, PlenaryError::RoundNotOpen);
        require!(now <= self.commit_by, PlenaryError::CommitTooLate);
        self.check_counts(result)?;
        self.check_rewards(result)?;
        self.rules.require_state_root(&result.next_state_root)?;
        self.status = RoundStatus::Committed;
        self.committed_at = now;
        self.challenge_ends_at = later(now, self.challenge_window)?;
        self.next_root = result.next_root;
        self.next_state_root = result.next_state_root;
        self.updates_root = result.updates_root;
        self.update_count = result.update_count;
        self.total_weight = result.total_weight;
        self.rewards_root = result.rewards_root;
        self.reward_count = result.reward_count;
        self.cumulative_rewards = result.cumulative_rewards;
        self.manifest_hash = result.manifest_hash;
        Ok(())
    }

    fn check_counts(&self, result: &RoundResult) -> Result<()> {
        require!(
            (1..=self.max_updates).contains(&result.update_count),
            PlenaryError::UpdateCountOutOfRange
        );
        // Cannot overflow: both factors are below 2^32.
        let heaviest = u64::from(result.update_count) * u64::from(self.max_weight);
        // A round without weight has no aggregate, so it can only be voided.
        require!(
            (1..=heaviest).contains(&u64::from(result.total_weight)),
            PlenaryError::TotalWeightOutOfRange
        );
        Ok(())
    }

    fn check_rewards(&self, result: &RoundResult) -> Result<()> {
        let paid = result
            .cumulative_rewards
            .checked_sub(self.base_cumulative_rewards)
            .ok_or(PlenaryError::RewardsFell)?;
        require!(paid <= self.reward_budget, PlenaryError::BudgetExceeded);
        // A tree that cannot be folded could not be disputed.
        require!(
            result.reward_count <= MAX_LEAVES,
            PlenaryError::RewardsTreeMismatch
        );
        // The tree has leaves if somebody has earned rewards, and only then.
        require!(
            (result.reward_count == 0) == (result.cumulative_rewards == 0)
                && (result.reward_count == 0) == (result.rewards_root == EMPTY_ROOT),
            PlenaryError::RewardsTreeMismatch
        );
        Ok(())
    }

    pub fn finalize(&mut self, now: i64) -> Result<()> {
        require!(
            self.status == RoundStatus::Committed,
            PlenaryError::RoundNotCommitted
        );
        require!(
            now >= self.challenge_ends_at,
            PlenaryError::ChallengeWindowOpen
        );
        require!(self.open_disputes == 0, PlenaryError::DisputeOpen);
        self.status = RoundStatus::Final;
        Ok(())
    }

    /// Voids a round that was not committed in time, or that builds on a void one (`dropped`).
    pub fn void(&mut self, now: i64, dropped: bool) -> Result<()> {
        match self.status {
            RoundStatus::Open => {
                require!(
                    dropped || now > self.commit_by,
                    PlenaryError::CommitStillDue
                )
            }
            RoundStatus::Committed => require!(dropped, PlenaryError::RoundStands),
            RoundStatus::Final | RoundStatus::Void => return err!(PlenaryError::RoundSettled),
        }
        self.status = RoundStatus::Void;
        Ok(())
    }

    /// Records the hash from which audits are drawn, once.
    pub fn draw_audit(&mut self, slot: u64, hash: Hash) -> Result<()> {
        require!(self.status == RoundStatus::Open, PlenaryError::RoundNotOpen);
        require!(self.audit_slot == 0, PlenaryError::AuditAlreadyDrawn);
        self.audit_slot = slot;
        self.audit_slot_hash = hash;
        Ok(())
    }

    /// Counts a dispute in. The round cannot become final before the dispute is resolved.
    pub fn open_dispute(&mut self, now: i64) -> Result<()> {
        require!(
            self.status == RoundStatus::Committed,
            PlenaryError::RoundNotCommitted
        );
        require!(
            now < self.challenge_ends_at,
            PlenaryError::ChallengeWindowOver
        );
        self.open_disputes = self
            .open_disputes
            .checked_add(1)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    pub fn close_dispute(&mut self, upheld: bool) -> Result<()> {
        self.open_disputes = self
            .open_disputes
            .checked_sub(1)
            .ok_or(PlenaryError::Overflow)?;
        if upheld {
            self.status = RoundStatus::Void;
        }
        Ok(())
    }

    /// Whether the round is no longer needed: neither as a base nor for claims.
    pub fn is_obsolete(&self, final_round: u64) -> bool {
        match self.status {
            RoundStatus::Open | RoundStatus::Committed => false,
            RoundStatus::Final => self.number < final_round,
            RoundStatus::Void => self.open_disputes == 0,
        }
    }
}

fn later(time: i64, seconds: u32) -> Result<i64> {
    time.checked_add(i64::from(seconds))
        .ok_or_else(|| PlenaryError::Overflow.into())
}
