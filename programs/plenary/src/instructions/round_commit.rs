use anchor_lang::prelude::*;
use anchor_spl::token_interface::TokenAccount;

use crate::errors::PlenaryError;
use crate::events::RoundCommitted;
use crate::state::{Federation, Round, RoundResult};

#[derive(Accounts)]
pub struct RoundCommit<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        mut,
        has_one = federation @ PlenaryError::WrongFederation,
        has_one = aggregator @ PlenaryError::NotAggregator,
    )]
    pub round: Box<Account<'info, Round>>,
    pub aggregator: Signer<'info>,
    #[account(address = federation.vault @ PlenaryError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl RoundCommit<'_> {
    pub fn validate(&self, result: &RoundResult) -> Result<()> {
        let payable = u128::from(self.federation.total_claimed) + u128::from(self.vault.amount);
        require!(
            u128::from(result.cumulative_rewards) <= payable,
            PlenaryError::VaultTooSmall
        );
        Ok(())
    }

    pub fn round_commit(ctx: Context<Self>, result: RoundResult) -> Result<()> {
        let (federation, round) = (&mut ctx.accounts.federation, &mut ctx.accounts.round);
        round.commit(&result, Clock::get()?.unix_timestamp)?;
        federation.commit(round)?;
        emit!(RoundCommitted {
            federation: federation.key(),
            round: round.key(),
            number: round.number,
            next_root: round.next_root,
            updates_root: round.updates_root,
            rewards_root: round.rewards_root,
            manifest_hash: round.manifest_hash,
            challenge_ends_at: round.challenge_ends_at,
        });
        round.invariant()?;
        federation.invariant()
    }
}
