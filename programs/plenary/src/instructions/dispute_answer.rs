use anchor_lang::prelude::*;

use crate::events::DisputeAnswered;
use crate::state::{Answer, Dispute};

#[derive(Accounts)]
pub struct DisputeAnswer<'info> {
    #[account(mut)]
    pub dispute: AccountLoader<'info, Dispute>,
}

impl DisputeAnswer<'_> {
    pub fn dispute_answer(ctx: Context<Self>, answer: Answer) -> Result<()> {
        let mut dispute = ctx.accounts.dispute.load_mut()?;
        dispute.answer(&answer, Clock::get()?.unix_timestamp)?;
        emit!(DisputeAnswered {
            federation: dispute.federation,
            round: dispute.round,
            dispute: ctx.accounts.dispute.key(),
        });
        Ok(())
    }
}
