use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::RoundFinalized;
use crate::state::{Federation, Round};

#[derive(Accounts)]
pub struct RoundFinalize<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(mut, has_one = federation @ PlenaryError::WrongFederation)]
    pub round: Box<Account<'info, Round>>,
}

impl RoundFinalize<'_> {
    pub fn round_finalize(ctx: Context<Self>) -> Result<()> {
        let (federation, round) = (&mut ctx.accounts.federation, &mut ctx.accounts.round);
        round.finalize(Clock::get()?.unix_timestamp)?;
        federation.finalize(round)?;
        emit!(RoundFinalized {
            federation: federation.key(),
            round: round.key(),
            number: round.number,
            total_earned: federation.total_earned,
        });
        round.invariant()?;
        federation.invariant()
    }
}
