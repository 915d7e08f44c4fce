use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use crate::errors::PlenaryError;
use crate::events::AuditDrawn;
use crate::merkle::Hash;
use crate::state::{latest_slot_hash, Round, SLOT_HASHES};

#[derive(Accounts)]
pub struct AuditDraw<'info> {
    #[account(mut, has_one = aggregator @ PlenaryError::NotAggregator)]
    pub round: Box<Account<'info, Round>>,
    pub aggregator: Signer<'info>,
    /// CHECK: the SlotHashes sysvar, by its address. It is too large to be deserialised.
    #[account(address = SLOT_HASHES)]
    pub slot_hashes: UncheckedAccount<'info>,
}

impl AuditDraw<'_> {
    /// The drawn hash also covers the envelopes, so that an aggregator that takes an update after
    /// it knows the slot hash cannot show that update's envelope.
    pub fn audit_draw(ctx: Context<Self>, envelopes_root: Hash) -> Result<()> {
        let (slot, slot_hash) = latest_slot_hash(&ctx.accounts.slot_hashes)?;
        let round = &mut ctx.accounts.round;
        let drawn = hashv(&[&slot_hash, &envelopes_root]).to_bytes();
        round.draw_audit(slot, drawn)?;
        emit!(AuditDrawn {
            federation: round.federation,
            round: round.key(),
            slot,
            slot_hash,
            envelopes_root,
        });
        round.invariant()
    }
}
