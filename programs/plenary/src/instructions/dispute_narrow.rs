use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::Hash;
use crate::state::{Dispute, TreeLeaf};

#[derive(Accounts)]
pub struct DisputeNarrow<'info> {
    #[account(mut, has_one = challenger @ PlenaryError::NotChallenger)]
    pub dispute: AccountLoader<'info, Dispute>,
    pub challenger: Signer<'info>,
}

impl DisputeNarrow<'_> {
    pub fn dispute_narrow(
        ctx: Context<Self>,
        index: u32,
        leaf: TreeLeaf,
        path: Vec<Hash>,
    ) -> Result<()> {
        let mut dispute = ctx.accounts.dispute.load_mut()?;
        dispute.require_steppable(Clock::get()?.unix_timestamp)?;
        dispute.narrow(index, &leaf, &path)
    }
}
