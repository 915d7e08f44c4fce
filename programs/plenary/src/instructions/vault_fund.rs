use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::VaultFunded;
use crate::state::Federation;
use crate::token::collect;

#[derive(Accounts)]
pub struct VaultFund<'info> {
    pub federation: Box<Account<'info, Federation>>,
    pub funder: Signer<'info>,
    #[account(mut, constraint = source.mint == federation.reward_mint @ PlenaryError::WrongMint)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = federation.vault @ PlenaryError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl VaultFund<'_> {
    pub fn validate(amount: u64) -> Result<()> {
        require!(amount > 0, PlenaryError::ZeroAmount);
        Ok(())
    }

    pub fn vault_fund(ctx: Context<Self>, amount: u64) -> Result<()> {
        let accounts = &ctx.accounts;
        collect(
            &accounts.funder,
            &accounts.source,
            &accounts.vault,
            &accounts.reward_mint,
            &accounts.token_program,
            amount,
        )?;
        emit!(VaultFunded {
            federation: accounts.federation.key(),
            funder: accounts.funder.key(),
            amount,
        });
        accounts.federation.invariant()
    }
}
