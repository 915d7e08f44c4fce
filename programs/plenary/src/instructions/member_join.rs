use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::MemberJoined;
use crate::messages::{OwnerAdmission, SignedMessage};
use crate::state::{Admission, Federation, Member};
use crate::token::{collect, require_payout};

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct MemberJoinArgs {
    /// The key that will sign updates.
    pub update_key: Pubkey,
    pub stake: u64,
}

#[derive(Accounts)]
pub struct MemberJoin<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    /// Exists already if the owner was a member before: the account records what it was paid.
    #[account(
        init_if_needed, payer = payer, space = 8 + Member::INIT_SPACE,
        seeds = [Member::SEED, federation.key().as_ref(), owner.key().as_ref()], bump,
    )]
    pub member: Box<Account<'info, Member>>,
    pub owner: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Signs if members join by approval and the owner has no admission that it signed earlier.
    pub authority: Option<Signer<'info>>,
    #[account(mut, constraint = source.mint == federation.reward_mint @ PlenaryError::WrongMint)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = federation.escrow @ PlenaryError::WrongEscrow)]
    pub escrow: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    /// CHECK: the Instructions sysvar, by its address. The preceding instruction verifies an
    /// admission.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl MemberJoin<'_> {
    pub fn validate(&self, args: &MemberJoinArgs) -> Result<()> {
        let federation = &self.federation;
        require!(!federation.paused, PlenaryError::Paused);
        if federation.admission == Admission::Approved {
            self.require_approval()?;
        }
        require!(
            args.update_key != Pubkey::default(),
            PlenaryError::AddressMissing
        );
        require!(
            args.stake >= federation.minimum_stake,
            PlenaryError::StakeBelowMinimum
        );
        let joined_before = self.member.version != 0;
        if joined_before {
            self.member.invariant()?;
            require!(self.member.has_exited(), PlenaryError::AlreadyMember);
            require!(self.member.stake == 0, PlenaryError::StakeInEscrow);
            self.member
                .require_settled(federation.oldest_unsettled_round())?;
        }
        require_payout(federation, &self.payout)
    }

    /// The authority signs this transaction or has signed an admission for the owner, so that its
    /// key can stay offline.
    fn require_approval(&self) -> Result<()> {
        let federation = &self.federation;
        if let Some(approver) = &self.authority {
            require_keys_eq!(
                approver.key(),
                federation.authority,
                PlenaryError::ApprovalMissing
            );
            return Ok(());
        }
        let signed = SignedMessage::before_this_instruction(&self.instructions)
            .map_err(|_| PlenaryError::ApprovalMissing)?;
        let admission = OwnerAdmission::read(&signed.message)?;
        require_keys_eq!(signed.key, federation.authority, PlenaryError::WrongSigner);
        require!(
            admission.program_id == crate::ID
                && admission.federation == federation.key()
                && admission.owner == self.owner.key(),
            PlenaryError::MessageMismatch
        );
        require!(
            Clock::get()?.unix_timestamp <= admission.valid_until,
            PlenaryError::AdmissionOver
        );
        Ok(())
    }

    pub fn member_join(ctx: Context<Self>, args: MemberJoinArgs) -> Result<()> {
        let bump = ctx.bumps.member;
        let accounts = ctx.accounts;
        if args.stake > 0 {
            collect(
                &accounts.owner,
                &accounts.source,
                &accounts.escrow,
                &accounts.reward_mint,
                &accounts.token_program,
                args.stake,
            )?;
        }
        let (federation, member) = (&mut accounts.federation, &mut accounts.member);
        if member.version == 0 {
            member.rent_payer = accounts.payer.key();
        }
        member.version = Member::VERSION;
        member.bump = bump;
        member.federation = federation.key();
        member.owner = accounts.owner.key();
        member.update_key = args.update_key;
        member.previous_key = Pubkey::default();
        member.key_since_round = federation.next_round;
        member.payout = accounts.payout.key();
        member.stake = args.stake;
        member.joined_round = federation.next_round;
        member.exit_requested_at = 0;
        member.exit_round = 0;
        federation.admit(args.stake)?;
        emit!(MemberJoined {
            federation: federation.key(),
            member: member.key(),
            owner: member.owner,
            update_key: member.update_key,
            stake: member.stake,
            joined_round: member.joined_round,
        });
        member.invariant()?;
        federation.invariant()
    }
}
