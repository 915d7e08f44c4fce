use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::MemberWithdrawn;
use crate::state::{Federation, Member};
use crate::token::pay_out;

#[derive(Accounts)]
pub struct MemberWithdraw<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        mut,
        has_one = federation @ PlenaryError::WrongFederation,
        has_one = owner @ PlenaryError::NotOwner,
    )]
    pub member: Box<Account<'info, Member>>,
    pub owner: Signer<'info>,
    #[account(mut, address = federation.escrow @ PlenaryError::WrongEscrow)]
    pub escrow: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(
        mut,
        constraint = destination.mint == federation.reward_mint @ PlenaryError::WrongMint,
        constraint = destination.owner == owner.key() @ PlenaryError::WrongTokenOwner,
    )]
    pub destination: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl MemberWithdraw<'_> {
    pub fn member_withdraw(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        let now = Clock::get()?.unix_timestamp;
        let stake = accounts
            .member
            .withdraw(now, accounts.federation.exit_cooldown)?;
        accounts
            .member
            .require_settled(accounts.federation.oldest_unsettled_round())?;
        accounts.federation.release_stake(stake)?;
        pay_out(
            &accounts.federation,
            &accounts.escrow,
            &accounts.destination,
            &accounts.reward_mint,
            &accounts.token_program,
            stake,
        )?;
        emit!(MemberWithdrawn {
            federation: accounts.federation.key(),
            member: accounts.member.key(),
            stake,
        });
        accounts.member.invariant()?;
        accounts.federation.invariant()
    }
}
