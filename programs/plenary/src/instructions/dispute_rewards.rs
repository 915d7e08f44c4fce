use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::RewardLeaf;
use crate::state::{Dispute, TreeLeaf};

#[derive(Accounts)]
pub struct DisputeRewards<'info> {
    #[account(mut, has_one = challenger @ PlenaryError::NotChallenger)]
    pub dispute: AccountLoader<'info, Dispute>,
    pub challenger: Signer<'info>,
}

impl DisputeRewards<'_> {
    pub fn dispute_rewards(ctx: Context<Self>, leaves: Vec<RewardLeaf>) -> Result<()> {
        let mut dispute = ctx.accounts.dispute.load_mut()?;
        dispute.require_steppable(Clock::get()?.unix_timestamp)?;
        for leaf in leaves {
            dispute.take_leaf(&TreeLeaf::Reward(leaf))?;
        }
        Ok(())
    }
}
