use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::RoundVoided;
use crate::state::{Federation, Round};

#[derive(Accounts)]
pub struct RoundVoid<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(mut, has_one = federation @ PlenaryError::WrongFederation)]
    pub round: Box<Account<'info, Round>>,
}

impl RoundVoid<'_> {
    pub fn round_void(ctx: Context<Self>) -> Result<()> {
        let (federation, round) = (&mut ctx.accounts.federation, &mut ctx.accounts.round);
        let dropped = federation.has_dropped(round);
        round.void(Clock::get()?.unix_timestamp, dropped)?;
        federation.drop_from(round);
        emit!(RoundVoided {
            federation: federation.key(),
            round: round.key(),
            number: round.number,
            last_committed_round: federation.last_committed_round,
        });
        round.invariant()?;
        federation.invariant()
    }
}
