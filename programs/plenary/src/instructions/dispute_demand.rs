use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::DisputeDemanded;
use crate::state::{Dispute, LeafProof};

#[derive(Accounts)]
pub struct DisputeDemand<'info> {
    #[account(mut, has_one = challenger @ PlenaryError::NotChallenger)]
    pub dispute: AccountLoader<'info, Dispute>,
    pub challenger: Signer<'info>,
}

impl DisputeDemand<'_> {
    pub fn dispute_demand(ctx: Context<Self>, pending: Option<LeafProof>) -> Result<()> {
        let mut dispute = ctx.accounts.dispute.load_mut()?;
        let now = Clock::get()?.unix_timestamp;
        dispute.require_steppable(now)?;
        dispute.demand(pending.as_ref(), now)?;
        emit!(DisputeDemanded {
            federation: dispute.federation,
            round: dispute.round,
            dispute: ctx.accounts.dispute.key(),
            deadline: dispute.demand_deadline,
        });
        Ok(())
    }
}
