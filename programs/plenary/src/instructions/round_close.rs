use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::RoundClosed;
use crate::state::{Federation, Round};

#[derive(Accounts)]
pub struct RoundClose<'info> {
    #[account(has_one = authority @ PlenaryError::NotAuthority)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        mut,
        close = rent_payer,
        has_one = federation @ PlenaryError::WrongFederation,
        has_one = rent_payer @ PlenaryError::WrongRentPayer,
    )]
    pub round: Box<Account<'info, Round>>,
    pub authority: Signer<'info>,
    /// CHECK: only receives lamports, and only if it paid them (`has_one`).
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
}

impl RoundClose<'_> {
    pub fn validate(&self) -> Result<()> {
        require!(
            self.round.is_obsolete(self.federation.final_round),
            PlenaryError::RoundStillNeeded
        );
        Ok(())
    }

    pub fn round_close(ctx: Context<Self>) -> Result<()> {
        emit!(RoundClosed {
            federation: ctx.accounts.federation.key(),
            round: ctx.accounts.round.key(),
            number: ctx.accounts.round.number,
        });
        ctx.accounts.round.invariant()?;
        ctx.accounts.federation.invariant()
    }
}
