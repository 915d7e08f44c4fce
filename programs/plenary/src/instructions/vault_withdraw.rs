use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::VaultWithdrawn;
use crate::state::Federation;
use crate::token::{pay_out, require_payout};

#[derive(Accounts)]
pub struct VaultWithdraw<'info> {
    #[account(has_one = authority @ PlenaryError::NotAuthority)]
    pub federation: Box<Account<'info, Federation>>,
    pub authority: Signer<'info>,
    #[account(mut, address = federation.vault @ PlenaryError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// Not one of the federation's own, from which nobody could take the tokens out again.
    #[account(mut)]
    pub destination: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl VaultWithdraw<'_> {
    pub fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, PlenaryError::ZeroAmount);
        require_payout(&self.federation, &self.destination)?;
        let free = self.vault.amount.saturating_sub(self.federation.owed()?);
        require!(amount <= free, PlenaryError::VaultBelowOwed);
        Ok(())
    }

    pub fn vault_withdraw(ctx: Context<Self>, amount: u64) -> Result<()> {
        let accounts = &ctx.accounts;
        pay_out(
            &accounts.federation,
            &accounts.vault,
            &accounts.destination,
            &accounts.reward_mint,
            &accounts.token_program,
            amount,
        )?;
        emit!(VaultWithdrawn {
            federation: accounts.federation.key(),
            amount,
        });
        accounts.federation.invariant()
    }
}
