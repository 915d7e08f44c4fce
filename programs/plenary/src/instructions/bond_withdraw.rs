use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::BondWithdrawn;
use crate::state::Federation;
use crate::token::pay_out;

#[derive(Accounts)]
pub struct BondWithdraw<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    /// The aggregator; or the authority, so that an aggregator that lost its key can be replaced.
    #[account(
        constraint = signer.key() == federation.aggregator || signer.key() == federation.authority
            @ PlenaryError::NotAggregator
    )]
    pub signer: Signer<'info>,
    #[account(mut, address = federation.escrow @ PlenaryError::WrongEscrow)]
    pub escrow: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(
        mut,
        constraint = destination.mint == federation.reward_mint @ PlenaryError::WrongMint,
        constraint = destination.owner == federation.aggregator @ PlenaryError::WrongTokenOwner,
    )]
    pub destination: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl BondWithdraw<'_> {
    pub fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, PlenaryError::ZeroAmount);
        require!(self.federation.is_settled(), PlenaryError::RoundsNotFinal);
        Ok(())
    }

    pub fn bond_withdraw(ctx: Context<Self>, amount: u64) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.federation.bond = accounts
            .federation
            .bond
            .checked_sub(amount)
            .ok_or(PlenaryError::BondTooSmall)?;
        pay_out(
            &accounts.federation,
            &accounts.escrow,
            &accounts.destination,
            &accounts.reward_mint,
            &accounts.token_program,
            amount,
        )?;
        emit!(BondWithdrawn {
            federation: accounts.federation.key(),
            amount,
            bond: accounts.federation.bond,
        });
        accounts.federation.invariant()
    }
}
