use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::RewardClaimed;
use crate::merkle::{root_from_path, Hash, RewardLeaf};
use crate::state::{Federation, Member, Round, RoundStatus};
use crate::token::pay_out;

#[derive(Accounts)]
pub struct RewardClaim<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        has_one = federation @ PlenaryError::WrongFederation,
        constraint = round.status == RoundStatus::Final @ PlenaryError::RoundNotFinal,
    )]
    pub round: Box<Account<'info, Round>>,
    #[account(mut, has_one = federation @ PlenaryError::WrongFederation)]
    pub member: Box<Account<'info, Member>>,
    #[account(mut, address = member.payout @ PlenaryError::WrongPayout)]
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = federation.vault @ PlenaryError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl RewardClaim<'_> {
    pub fn validate(&self, cumulative: u64, index: u32, path: &[Hash]) -> Result<()> {
        let leaf = RewardLeaf {
            version: RewardLeaf::VERSION,
            member: self.member.key(),
            cumulative,
        };
        let root = root_from_path(leaf.hash(), index, self.round.reward_count, path);
        require!(
            root == Some(self.round.rewards_root),
            PlenaryError::BadProof
        );
        Ok(())
    }

    pub fn reward_claim(ctx: Context<Self>, cumulative: u64) -> Result<()> {
        let accounts = ctx.accounts;
        let amount = accounts.member.claim(cumulative)?;
        accounts.federation.claim(amount)?;
        pay_out(
            &accounts.federation,
            &accounts.vault,
            &accounts.payout,
            &accounts.reward_mint,
            &accounts.token_program,
            amount,
        )?;
        emit!(RewardClaimed {
            federation: accounts.federation.key(),
            member: accounts.member.key(),
            round: accounts.round.number,
            amount,
            claimed_total: accounts.member.claimed_total,
        });
        accounts.round.invariant()?;
        accounts.member.invariant()?;
        accounts.federation.invariant()
    }
}
