use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::FederationPaused;
use crate::state::Federation;

#[derive(Accounts)]
pub struct FederationPause<'info> {
    #[account(mut, has_one = authority @ PlenaryError::NotAuthority)]
    pub federation: Box<Account<'info, Federation>>,
    pub authority: Signer<'info>,
}

impl FederationPause<'_> {
    pub fn validate(&self, paused: bool) -> Result<()> {
        require!(
            self.federation.paused != paused,
            PlenaryError::NothingToChange
        );
        Ok(())
    }

    pub fn federation_pause(ctx: Context<Self>, paused: bool) -> Result<()> {
        let federation = &mut ctx.accounts.federation;
        federation.paused = paused;
        emit!(FederationPaused {
            federation: federation.key(),
            paused,
        });
        federation.invariant()
    }
}
