use anchor_lang::prelude::*;
use anchor_lang::system_program::{transfer, Transfer};

use crate::errors::PlenaryError;
use crate::events::AccountMigrated;
use crate::state::migrated;

#[derive(Accounts)]
pub struct AccountMigrate<'info> {
    /// CHECK: a Federation or Round of version 1. The constraint checks the owner, and `migrated`
    /// the kind and version.
    #[account(mut, owner = crate::ID @ PlenaryError::NothingToMigrate)]
    pub account: UncheckedAccount<'info>,
    /// Pays the rent for the added bytes.
    #[account(mut)]
    pub payer: Signer<'info>,
    pub system_program: Program<'info, System>,
}

impl AccountMigrate<'_> {
    pub fn account_migrate(ctx: Context<Self>) -> Result<()> {
        let AccountMigrate { account, payer, .. } = ctx.accounts;
        let bytes = migrated(&account.try_borrow_data()?)?;
        let rent = Rent::get()?.minimum_balance(bytes.len());
        let missing = rent.saturating_sub(account.lamports());
        if missing > 0 {
            let accounts = Transfer {
                from: payer.to_account_info(),
                to: account.to_account_info(),
            };
            transfer(CpiContext::new(System::id(), accounts), missing)?;
        }
        account.resize(bytes.len())?;
        account.try_borrow_mut_data()?.copy_from_slice(&bytes);
        emit!(AccountMigrated {
            account: account.key(),
            version: bytes[8],
        });
        Ok(())
    }
}
