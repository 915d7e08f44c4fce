use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::DisputeAnswered;
use crate::merkle::UpdateLeaf;
use crate::messages::{Envelope, SignedMessage};
use crate::state::{Dispute, Member, Round};

#[derive(Accounts)]
#[instruction(leaf: UpdateLeaf)]
pub struct DisputeEnvelope<'info> {
    #[account(mut, has_one = round @ PlenaryError::WrongRoundNumber)]
    pub dispute: AccountLoader<'info, Dispute>,
    pub round: Box<Account<'info, Round>>,
    #[account(
        address = leaf.member @ PlenaryError::MessageMismatch,
        constraint = member.federation == round.federation @ PlenaryError::WrongFederation,
    )]
    pub member: Box<Account<'info, Member>>,
    /// CHECK: the Instructions sysvar, by its address.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl DisputeEnvelope<'_> {
    pub fn dispute_envelope(ctx: Context<Self>, leaf: UpdateLeaf) -> Result<()> {
        let accounts = ctx.accounts;
        let signed = SignedMessage::before_this_instruction(&accounts.instructions)?;
        let envelope = Envelope::read(&signed.message)?;
        let hash = solana_sha256_hasher::hash(&signed.message).to_bytes();
        require!(
            hash == leaf.envelope_hash && envelope.agrees_with(&leaf, &accounts.round),
            PlenaryError::MessageMismatch
        );
        let (member, number) = (&accounts.member, accounts.round.number);
        require!(member.is_in(number), PlenaryError::MessageMismatch);
        require_keys_eq!(
            signed.key,
            member.update_key_at(number),
            PlenaryError::WrongSigner
        );
        accounts.round.invariant()?;
        member.invariant()?;
        let mut dispute = accounts.dispute.load_mut()?;
        dispute.show_envelope(&leaf, Clock::get()?.unix_timestamp)?;
        emit!(DisputeAnswered {
            federation: dispute.federation,
            round: dispute.round,
            dispute: accounts.dispute.key(),
        });
        Ok(())
    }
}
