use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::MemberExited;
use crate::state::{Federation, Member};

#[derive(Accounts)]
pub struct MemberExit<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        mut,
        has_one = federation @ PlenaryError::WrongFederation,
        has_one = owner @ PlenaryError::NotOwner,
    )]
    pub member: Box<Account<'info, Member>>,
    pub owner: Signer<'info>,
}

impl MemberExit<'_> {
    pub fn member_exit(ctx: Context<Self>) -> Result<()> {
        let (federation, member) = (&mut ctx.accounts.federation, &mut ctx.accounts.member);
        member.leave(Clock::get()?.unix_timestamp, federation.next_round)?;
        federation.dismiss()?;
        emit!(MemberExited {
            federation: federation.key(),
            member: member.key(),
            exit_round: member.exit_round,
        });
        member.invariant()?;
        federation.invariant()
    }
}
