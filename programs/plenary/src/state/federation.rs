use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::state::{Round, Rules};

/// Committed rounds that may wait for the end of their challenge window at once.
#[constant]
pub const MAX_PENDING_ROUNDS: u8 = 64;
const PENDING_CAPACITY: usize = MAX_PENDING_ROUNDS as usize;
/// `max_updates * max_weight` stays below this, so that sums of weighted deltas are exact in float64 and in i64.
#[constant]
pub const WEIGHT_LIMIT: u64 = 1 << 26;
/// Most updates that a round may count or refuse.
#[constant]
pub const MAX_UPDATES: u32 = 4096;
/// Most parameters of a model.
#[constant]
pub const MAX_PARAMETER_COUNT: u32 = 1 << 26;
/// Longest challenge window, collection, grace and cooldown, in seconds (60 days): a typing error must not lock funds for years.
#[constant]
pub const MAX_SECONDS: u32 = 60 * 24 * 60 * 60;

/// A dispute's deposit is the federation's minimum bond divided by this, and at least 1.
#[constant]
pub const DEPOSIT_DIVISOR: u64 = 16;

/// Who may join a federation.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Anybody who stakes.
    Open,
    /// The authority signs each join too.
    Approved,
}

/// What the authority may change between rounds. Durations are seconds, amounts are base units of the reward mint.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct Terms {
    pub aggregator: Pubkey,
    pub admission: Admission,
    pub configuration_hash: [u8; 32],
    pub max_updates: u32,
    pub max_weight: u32,
    pub reward_per_round: u64,
    pub minimum_stake: u64,
    pub minimum_bond: u64,
    pub challenge_window: u32,
    /// Longest time that a round may collect updates.
    pub collect_limit: u32,
    /// Time after a round's deadline in which it can still be committed; then anyone may void it.
    pub grace: u32,
    /// Time between a member's exit and the withdrawal of its stake.
    pub exit_cooldown: u32,
}

impl Terms {
    pub fn validate(&self) -> Result<()> {
        require!(
            (1..=MAX_UPDATES).contains(&self.max_updates),
            PlenaryError::MaxUpdatesOutOfRange
        );
        require!(self.max_weight > 0, PlenaryError::WeightLimitExceeded);
        // cannot overflow: both factors are below 2^32
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
        // a stake must stay within reach for as long as its member's rounds can be challenged
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

/// One federation: who runs it, on which terms, where its chain of rounds stands, and what it owes.
#[account]
#[derive(InitSpace, Debug)]
pub struct Federation {
    pub version: u8,
    pub bump: u8,
    /// The authority that created the federation; part of its address, whoever holds the authority later.
    pub creator: Pubkey,
    pub id: u64,
    pub authority: Pubkey,
    /// Who may accept the authority; the default address when it was offered to nobody.
    pub proposed_authority: Pubkey,
    pub aggregator: Pubkey,
    pub admission: Admission,
    pub paused: bool,
    pub reward_mint: Pubkey,
    /// Token account that pays rewards.
    pub vault: Pubkey,
    /// Token account that holds stakes, the bond and deposits.
    pub escrow: Pubkey,
    pub configuration_hash: [u8; 32],
    pub rules: Rules,
    pub parameter_count: u32,
    pub max_updates: u32,
    pub max_weight: u32,
    pub reward_per_round: u64,
    pub minimum_stake: u64,
    pub minimum_bond: u64,
    pub challenge_window: u32,
    pub collect_limit: u32,
    pub grace: u32,
    pub exit_cooldown: u32,
    /// What the escrow holds: bond + stakes + deposits.
    pub bond: u64,
    pub stakes: u64,
    pub deposits: u64,
    /// Number of the round that opens next; the first is 1, and no number is used twice.
    pub next_round: u64,
    /// The round that is collecting updates; 0 when none is.
    pub open_round: u64,
    /// The last final round; 0 before the first.
    pub final_round: u64,
    /// The round that the next one builds on; 0 is the genesis model.
    pub last_committed_round: u64,
    pub last_model_root: [u8; 32],
    pub last_state_root: [u8; 32],
    /// Cumulative rewards as of the last committed round.
    pub promised: u64,
    /// Cumulative rewards as of the last final round.
    pub total_earned: u64,
    pub total_claimed: u64,
    pub members: u32,
    /// Committed rounds that are not final yet, oldest first: each builds on the one before.
    #[max_len(PENDING_CAPACITY)]
    pub pending: Vec<u64>,
}

impl Federation {
    pub const SEED: &'static [u8] = b"federation";
    pub const VAULT_SEED: &'static [u8] = b"vault";
    pub const ESCROW_SEED: &'static [u8] = b"escrow";
    pub const VERSION: u8 = 2;

    /// What holds after every instruction.
    pub fn invariant(&self) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        let pending_ordered = self.pending.windows(2).all(|pair| pair[0] < pair[1]);
        let tip = self.pending.last().copied().unwrap_or(self.final_round);
        let holds = self.pending.len() <= PENDING_CAPACITY
            && pending_ordered
            && self
                .pending
                .first()
                .is_none_or(|first| *first > self.final_round)
            && self.last_committed_round == tip
            && self.last_committed_round < self.next_round
            && self.open_round < self.next_round
            && (self.open_round == 0 || self.open_round > self.last_committed_round)
            && self.total_claimed <= self.total_earned
            && self.total_earned <= self.promised
            && self.vault != self.escrow;
        require!(holds, PlenaryError::InvariantBroken);
        Ok(())
    }

    /// What the vault must keep: rewards earned or promised and not claimed, and the budget of the round that is open.
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

    pub fn apply(&mut self, terms: &Terms) {
        self.aggregator = terms.aggregator;
        self.admission = terms.admission;
        self.configuration_hash = terms.configuration_hash;
        self.max_updates = terms.max_updates;
        self.max_weight = terms.max_weight;
        self.reward_per_round = terms.reward_per_round;
        self.minimum_stake = terms.minimum_stake;
        self.minimum_bond = terms.minimum_bond;
        self.challenge_window = terms.challenge_window;
        self.collect_limit = terms.collect_limit;
        self.grace = terms.grace;
        self.exit_cooldown = terms.exit_cooldown;
    }

    /// No round is open and none waits for its challenge window.
    pub fn is_settled(&self) -> bool {
        self.open_round == 0 && self.pending.is_empty()
    }

    /// The oldest round that a dispute may still concern; every earlier one is final or void.
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

    /// Makes a round that was just committed the one that the next builds on.
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

    /// Rounds become final in the order in which they were committed.
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

    /// Whether the round is neither open nor pending any more because a round that it builds on was voided.
    pub fn has_dropped(&self, round: &Round) -> bool {
        round.number != self.open_round && !self.pending.contains(&round.number)
    }

    /// Drops a round and all that build on it; the next round builds on what the dropped one built on.
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
            // an open round can only build on what was just dropped
            self.open_round = 0;
        } else if self.open_round == round.number {
            self.open_round = 0;
        }
    }

    /// What a challenger puts down: enough to make idle disputes costly and to pay the aggregator's fees for answering.
    pub fn dispute_deposit(&self) -> u64 {
        (self.minimum_bond / DEPOSIT_DIVISOR).max(1)
    }

    pub fn take_deposit(&mut self, amount: u64) -> Result<()> {
        self.deposits = self
            .deposits
            .checked_add(amount)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// The challenger gets its deposit back.
    pub fn return_deposit(&mut self, amount: u64) -> Result<()> {
        self.deposits = self
            .deposits
            .checked_sub(amount)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// The challenger loses its deposit to the aggregator, whose bond it joins; both lie in the escrow.
    pub fn forfeit_deposit(&mut self, amount: u64) -> Result<()> {
        self.return_deposit(amount)?;
        self.bond = self
            .bond
            .checked_add(amount)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

    /// Takes the whole bond; returns the challenger's half and the vault's. Challenging oneself therefore costs half of it.
    pub fn slash_bond(&mut self) -> (u64, u64) {
        halves(std::mem::take(&mut self.bond))
    }

    pub fn release_stake(&mut self, stake: u64) -> Result<()> {
        self.stakes = self
            .stakes
            .checked_sub(stake)
            .ok_or(PlenaryError::Overflow)?;
        Ok(())
    }

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

/// Half for who found the fault and the rest for the vault.
pub fn halves(amount: u64) -> (u64, u64) {
    let finder = amount / 2;
    // cannot underflow: a half is not above the whole
    (finder, amount - finder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::EMPTY_ROOT;
    use crate::state::RoundStatus;

    fn golden<T: AccountDeserialize>(kind: &str) -> T {
        let path = format!(
            "{}/../../test/vectors/accounts/{kind}-v2.bin",
            env!("CARGO_MANIFEST_DIR")
        );
        T::try_deserialize(&mut std::fs::read(path).unwrap().as_slice()).unwrap()
    }

    /// Opens and commits the next round; its roots are its number, its cumulative rewards a hundred times that.
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

        // what comes after has new numbers, and voiding what was dropped already does not touch it
        let anew = commit(&mut federation);
        assert_eq!(anew.number, above.number + 2);
        assert_eq!(anew.base_round, kept.number);
        federation.drop_from(&above);
        federation.invariant().unwrap();
        assert_eq!(federation.last_committed_round, anew.number);
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

    #[test]
    fn the_invariant_names_every_broken_state() {
        let broken: [fn(&mut Federation); 8] = [
            |f| f.version = 1,
            |f| f.pending = vec![2, 2],
            |f| f.pending = vec![],
            |f| f.next_round = 2,
            |f| f.open_round = 1,
            |f| f.total_claimed = f.total_earned + 1,
            |f| f.total_earned = f.promised + 1,
            |f| f.vault = f.escrow,
        ];
        for breaking in broken {
            let mut federation: Federation = golden("federation");
            federation.invariant().unwrap();
            breaking(&mut federation);
            assert!(federation.invariant().is_err());
        }
    }
}
