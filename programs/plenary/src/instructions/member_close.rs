use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::MemberClosed;
use crate::state::{Federation, Member};

#[derive(Accounts)]
pub struct MemberClose<'info> {
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        mut,
        close = rent_payer,
        has_one = federation @ PlenaryError::WrongFederation,
        has_one = owner @ PlenaryError::NotOwner,
        has_one = rent_payer @ PlenaryError::WrongRentPayer,
    )]
    pub member: Box<Account<'info, Member>>,
    pub owner: Signer<'info>,
    /// CHECK: only receives lamports, and only if it paid them (`has_one`).
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
}

impl MemberClose<'_> {
    pub fn validate(&self) -> Result<()> {
        require!(self.member.has_exited(), PlenaryError::NotExited);
        require!(self.member.stake == 0, PlenaryError::StakeInEscrow);
        self.member
            .require_settled(self.federation.oldest_unsettled_round())?;
        // Reward leaves are cumulative: a new account, without its claims, could claim everything
        // again.
        require!(self.member.claimed_total == 0, PlenaryError::ClaimsRecorded);
        Ok(())
    }

    pub fn member_close(ctx: Context<Self>) -> Result<()> {
        emit!(MemberClosed {
            federation: ctx.accounts.federation.key(),
            member: ctx.accounts.member.key(),
        });
        ctx.accounts.member.invariant()?;
        ctx.accounts.federation.invariant()
    }
}
