use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::state::{Chunk, Dispute, Vector};

#[derive(Accounts)]
pub struct DisputeChunk<'info> {
    #[account(mut, has_one = challenger @ PlenaryError::NotChallenger)]
    pub dispute: AccountLoader<'info, Dispute>,
    pub challenger: Signer<'info>,
}

impl DisputeChunk<'_> {
    pub fn dispute_chunk(ctx: Context<Self>, vector: Vector, chunk: Chunk) -> Result<()> {
        let mut dispute = ctx.accounts.dispute.load_mut()?;
        dispute.require_steppable(Clock::get()?.unix_timestamp)?;
        dispute.take_chunk(vector, &chunk)
    }
}
