mod balances;
mod rounds;
mod terms;

use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::state::Rules;

pub use balances::*;
pub use rounds::*;
pub use terms::*;

/// Most parameters of a model.
#[constant]
pub const MAX_PARAMETER_COUNT: u32 = 1 << 26;

/// One federation: its authority and terms, the rounds that it has reached, and what it owes.
#[account]
#[derive(InitSpace, Debug)]
pub struct Federation {
    pub version: u8,
    pub bump: u8,
    /// The first authority. It is part of the federation's address, which a later one does not
    /// change.
    pub creator: Pubkey,
    pub id: u64,
    pub authority: Pubkey,
    /// The key that may accept the authority; the default address while it is offered to nobody.
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
    /// The escrow holds the sum of bond, stakes and deposits.
    pub bond: u64,
    pub stakes: u64,
    pub deposits: u64,
    /// Number of the round that opens next. The first is 1, and no number is used twice.
    pub next_round: u64,
    /// The round that is collecting updates; 0 if there is none.
    pub open_round: u64,
    /// The last final round; 0 before the first one.
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
    /// Committed rounds that are not final, oldest first. Each builds on the one before it.
    #[max_len(rounds::PENDING_CAPACITY)]
    pub pending: Vec<u64>,
}

impl Federation {
    pub const SEED: &'static [u8] = b"federation";
    pub const VAULT_SEED: &'static [u8] = b"vault";
    pub const ESCROW_SEED: &'static [u8] = b"escrow";
    pub const VERSION: u8 = 2;

    /// Checks what must hold after every instruction.
    pub fn invariant(&self) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        let pending_ordered = self.pending.windows(2).all(|pair| pair[0] < pair[1]);
        let tip = self.pending.last().copied().unwrap_or(self.final_round);
        let holds = self.pending.len() <= rounds::PENDING_CAPACITY
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::golden::golden;

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
