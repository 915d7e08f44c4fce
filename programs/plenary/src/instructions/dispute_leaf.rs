use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::UpdateLeaf;
use crate::state::{Chunk, Dispute, TreeLeaf, Vector};

#[derive(Accounts)]
pub struct DisputeLeaf<'info> {
    #[account(mut, has_one = challenger @ PlenaryError::NotChallenger)]
    pub dispute: AccountLoader<'info, Dispute>,
    pub challenger: Signer<'info>,
}

impl DisputeLeaf<'_> {
    pub fn dispute_leaf(ctx: Context<Self>, leaf: UpdateLeaf, chunk: Option<Chunk>) -> Result<()> {
        let mut dispute = ctx.accounts.dispute.load_mut()?;
        dispute.require_steppable(Clock::get()?.unix_timestamp)?;
        dispute.take_leaf(&TreeLeaf::Update(leaf))?;
        match chunk {
            Some(chunk) => dispute.take_chunk(Vector::Delta, &chunk),
            None => Ok(()),
        }
    }
}
