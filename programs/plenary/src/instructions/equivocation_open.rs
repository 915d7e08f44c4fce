use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::messages::SignedMessage;
use crate::state::{Equivocation, Member};

#[derive(Accounts)]
#[instruction(round: u64, sequence: u64)]
pub struct EquivocationOpen<'info> {
    pub member: Box<Account<'info, Member>>,
    /// One for each reporter, so that no reporter can block another.
    #[account(
        init, payer = reporter, space = 8 + Equivocation::INIT_SPACE,
        seeds = [
            Equivocation::SEED, member.key().as_ref(), reporter.key().as_ref(),
            &round.to_le_bytes(), &sequence.to_le_bytes(),
        ],
        bump,
    )]
    pub equivocation: Box<Account<'info, Equivocation>>,
    #[account(mut)]
    pub reporter: Signer<'info>,
    /// CHECK: the Instructions sysvar, by its address.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl EquivocationOpen<'_> {
    pub fn equivocation_open(ctx: Context<Self>, round: u64, sequence: u64) -> Result<()> {
        let bump = ctx.bumps.equivocation;
        let accounts = ctx.accounts;
        let signed = SignedMessage::before_this_instruction(&accounts.instructions)?;
        let equivocation = &mut accounts.equivocation;
        equivocation.bump = bump;
        equivocation.reporter = accounts.reporter.key();
        accounts.member.invariant()?;
        equivocation.record(&accounts.member, &signed)?;
        // The address derives from the arguments, which must agree with the envelope.
        require!(
            equivocation.round == round && equivocation.sequence == sequence,
            PlenaryError::MessageMismatch
        );
        Ok(())
    }
}
