use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::BondDeposited;
use crate::state::Federation;
use crate::token::collect;

#[derive(Accounts)]
pub struct BondDeposit<'info> {
    #[account(mut, has_one = aggregator @ PlenaryError::NotAggregator)]
    pub federation: Box<Account<'info, Federation>>,
    pub aggregator: Signer<'info>,
    #[account(mut, constraint = source.mint == federation.reward_mint @ PlenaryError::WrongMint)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = federation.escrow @ PlenaryError::WrongEscrow)]
    pub escrow: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl BondDeposit<'_> {
    pub fn validate(amount: u64) -> Result<()> {
        require!(amount > 0, PlenaryError::ZeroAmount);
        Ok(())
    }

    pub fn bond_deposit(ctx: Context<Self>, amount: u64) -> Result<()> {
        let accounts = ctx.accounts;
        collect(
            &accounts.aggregator,
            &accounts.source,
            &accounts.escrow,
            &accounts.reward_mint,
            &accounts.token_program,
            amount,
        )?;
        let federation = &mut accounts.federation;
        federation.bond = federation
            .bond
            .checked_add(amount)
            .ok_or(PlenaryError::Overflow)?;
        emit!(BondDeposited {
            federation: federation.key(),
            amount,
            bond: federation.bond,
        });
        federation.invariant()
    }
}
