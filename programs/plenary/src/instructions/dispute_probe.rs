use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::DisputeDemanded;
use crate::state::{Dispute, Vector};

#[derive(Accounts)]
pub struct DisputeProbe<'info> {
    #[account(mut, has_one = challenger @ PlenaryError::NotChallenger)]
    pub dispute: AccountLoader<'info, Dispute>,
    pub challenger: Signer<'info>,
}

impl DisputeProbe<'_> {
    pub fn dispute_probe(ctx: Context<Self>, vector: Vector, index: u32) -> Result<()> {
        let mut dispute = ctx.accounts.dispute.load_mut()?;
        let now = Clock::get()?.unix_timestamp;
        dispute.require_steppable(now)?;
        dispute.probe(vector, index, now)?;
        emit!(DisputeDemanded {
            federation: dispute.federation,
            round: dispute.round,
            dispute: ctx.accounts.dispute.key(),
            deadline: dispute.demand_deadline,
        });
        Ok(())
    }
}
