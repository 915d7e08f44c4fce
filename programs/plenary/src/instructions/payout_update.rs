use anchor_lang::prelude::*;
use anchor_spl::token_interface::TokenAccount;

use crate::errors::PlenaryError;
use crate::events::PayoutUpdated;
use crate::state::{Federation, Member};
use crate::token::require_payout;

#[derive(Accounts)]
pub struct PayoutUpdate<'info> {
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        mut,
        has_one = federation @ PlenaryError::WrongFederation,
        has_one = owner @ PlenaryError::NotOwner,
    )]
    pub member: Box<Account<'info, Member>>,
    pub owner: Signer<'info>,
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl PayoutUpdate<'_> {
    pub fn validate(&self) -> Result<()> {
        require_payout(&self.federation, &self.payout)
    }

    pub fn payout_update(ctx: Context<Self>) -> Result<()> {
        let member = &mut ctx.accounts.member;
        member.payout = ctx.accounts.payout.key();
        emit!(PayoutUpdated {
            federation: member.federation,
            member: member.key(),
            payout: member.payout,
        });
        member.invariant()?;
        ctx.accounts.federation.invariant()
    }
}
