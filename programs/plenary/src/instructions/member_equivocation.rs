use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::{MemberExited, MemberSlashed};
use crate::messages::SignedMessage;
use crate::state::{halves, Equivocation, Federation, Member};
use crate::token::pay_out;

#[derive(Accounts)]
pub struct MemberEquivocation<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(mut, has_one = federation @ PlenaryError::WrongFederation)]
    pub member: Box<Account<'info, Member>>,
    #[account(
        mut,
        close = reporter,
        has_one = member @ PlenaryError::MessageMismatch,
        has_one = reporter @ PlenaryError::NotReporter,
    )]
    pub equivocation: Box<Account<'info, Equivocation>>,
    #[account(mut)]
    pub reporter: Signer<'info>,
    #[account(
        mut,
        constraint = reporter_tokens.mint == federation.reward_mint @ PlenaryError::WrongMint,
    )]
    pub reporter_tokens: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = federation.vault @ PlenaryError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = federation.escrow @ PlenaryError::WrongEscrow)]
    pub escrow: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    /// CHECK: the Instructions sysvar, by its address.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl MemberEquivocation<'_> {
    pub fn member_equivocation(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        let signed = SignedMessage::before_this_instruction(&accounts.instructions)?;
        accounts
            .equivocation
            .require_contradiction(&accounts.member, &signed)?;
        let (federation, member) = (&mut accounts.federation, &mut accounts.member);
        let now = Clock::get()?.unix_timestamp;
        let (stake, was_active) = member.slash(now, federation.next_round)?;
        federation.release_stake(stake)?;
        if was_active {
            federation.dismiss()?;
            emit!(MemberExited {
                federation: federation.key(),
                member: member.key(),
                exit_round: member.exit_round,
            });
        }
        let (reward, to_vault) = halves(stake);
        for (to, amount) in [
            (&accounts.reporter_tokens, reward),
            (&accounts.vault, to_vault),
        ] {
            pay_out(
                &accounts.federation,
                &accounts.escrow,
                to,
                &accounts.reward_mint,
                &accounts.token_program,
                amount,
            )?;
        }
        emit!(MemberSlashed {
            federation: accounts.federation.key(),
            member: accounts.member.key(),
            round: accounts.equivocation.round,
            sequence: accounts.equivocation.sequence,
            reporter: accounts.reporter.key(),
            reward,
            to_vault,
        });
        accounts.member.invariant()?;
        accounts.federation.invariant()
    }
}
