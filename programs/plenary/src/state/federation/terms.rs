use anchor_lang::prelude::*;

use crate::errors::PlenaryError;

/// `max_updates * max_weight` is below this, so that weighted sums are exact in float64 and in i64.
#[constant]
pub const WEIGHT_LIMIT: u64 = 1 << 26;
/// Most updates of one round, counted and refused ones together.
#[constant]
pub const MAX_UPDATES: u32 = 4096;
/// Longest challenge window, collection, grace period and cooldown, in seconds (60 days): a typing
/// error must not lock funds for years.
#[constant]
pub const MAX_SECONDS: u32 = 60 * 24 * 60 * 60;

/// The owners that may join a federation.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Anyone who stakes.
    Open,
    /// Owners that the authority approves.
    Approved,
}

/// What the authority may change between rounds. Durations are in seconds, amounts in base units of
/// the reward mint.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct Terms {
    pub aggregator: Pubkey,
    pub admission: Admission,
    /// Hash of the configuration, whose canonical JSON the service publishes.
    pub configuration_hash: [u8; 32],
    pub max_updates: u32,
    pub max_weight: u32,
    pub reward_per_round: u64,
    pub minimum_stake: u64,
    pub minimum_bond: u64,
    /// Time between a round's commitment and its finality.
    pub challenge_window: u32,
    /// Longest time for which a round may collect updates.
    pub collect_limit: u32,
    /// Time after a round's deadline in which it can still be committed; then anyone may void it.
    pub grace: u32,
    /// Time between a member's exit and the withdrawal of its stake; at least the challenge window.
    pub exit_cooldown: u32,
}

impl Terms {
    pub fn validate(&self) -> Result<()> {
        require!(
            (1..=MAX_UPDATES).contains(&self.max_updates),
            PlenaryError::MaxUpdatesOutOfRange
        );
        require!(self.max_weight > 0, PlenaryError::WeightLimitExceeded);
        // Cannot overflow: both factors are below 2^32.
        require!(
            u64::from(self.max_updates) * u64::from(self.max_weight) < WEIGHT_LIMIT,
            PlenaryError::WeightLimitExceeded
        );
        require!(self.collect_limit > 0, PlenaryError::DurationOutOfRange);
        for seconds in [
            self.challenge_window,
            self.collect_limit,
            self.grace,
            self.exit_cooldown,
        ] {
            require!(seconds <= MAX_SECONDS, PlenaryError::DurationOutOfRange);
        }
        // A stake must stay within reach while its member's rounds can be challenged.
        require!(
            self.exit_cooldown >= self.challenge_window,
            PlenaryError::CooldownTooShort
        );
        require!(
            self.aggregator != Pubkey::default(),
            PlenaryError::AddressMissing
        );
        Ok(())
    }
}
