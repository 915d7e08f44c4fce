use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::AuthorityAccepted;
use crate::state::Federation;

#[derive(Accounts)]
pub struct AuthorityAccept<'info> {
    #[account(mut, has_one = proposed_authority @ PlenaryError::NotProposedAuthority)]
    pub federation: Box<Account<'info, Federation>>,
    /// Signs, so that the authority cannot pass to a key that nobody holds.
    pub proposed_authority: Signer<'info>,
}

impl AuthorityAccept<'_> {
    pub fn authority_accept(ctx: Context<Self>) -> Result<()> {
        let federation = &mut ctx.accounts.federation;
        federation.authority = ctx.accounts.proposed_authority.key();
        federation.proposed_authority = Pubkey::default();
        emit!(AuthorityAccepted {
            federation: federation.key(),
            authority: federation.authority,
        });
        federation.invariant()
    }
}
