use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::AuthorityProposed;
use crate::state::Federation;

#[derive(Accounts)]
pub struct AuthorityPropose<'info> {
    #[account(mut, has_one = authority @ PlenaryError::NotAuthority)]
    pub federation: Box<Account<'info, Federation>>,
    pub authority: Signer<'info>,
}

impl AuthorityPropose<'_> {
    pub fn authority_propose(ctx: Context<Self>, proposed: Pubkey) -> Result<()> {
        let federation = &mut ctx.accounts.federation;
        federation.proposed_authority = proposed;
        emit!(AuthorityProposed {
            federation: federation.key(),
            proposed,
        });
        federation.invariant()
    }
}
