use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::MemberKeyRotated;
use crate::state::{Federation, Member};

#[derive(Accounts)]
pub struct MemberRotateKey<'info> {
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        mut,
        has_one = federation @ PlenaryError::WrongFederation,
        has_one = owner @ PlenaryError::NotOwner,
    )]
    pub member: Box<Account<'info, Member>>,
    pub owner: Signer<'info>,
}

impl MemberRotateKey<'_> {
    pub fn member_rotate_key(ctx: Context<Self>, update_key: Pubkey) -> Result<()> {
        let (federation, member) = (&ctx.accounts.federation, &mut ctx.accounts.member);
        require!(!member.has_exited(), PlenaryError::AlreadyExited);
        member.rotate_key(
            update_key,
            federation.next_round,
            federation.oldest_unsettled_round(),
        )?;
        emit!(MemberKeyRotated {
            federation: federation.key(),
            member: member.key(),
            update_key,
            since_round: member.key_since_round,
        });
        member.invariant()?;
        federation.invariant()
    }
}
