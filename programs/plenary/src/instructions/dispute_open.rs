use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::DisputeOpened;
use crate::merkle::{root_from_path, Hash, RewardLeaf};
use crate::messages::{Receipt, SignedMessage};
use crate::state::{Dispute, DisputeSubject, Federation, Round, RoundStatus};
use crate::token::collect;

#[derive(Accounts)]
#[instruction(subject: DisputeSubject)]
pub struct DisputeOpen<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(mut, has_one = federation @ PlenaryError::WrongFederation)]
    pub round: Box<Account<'info, Round>>,
    #[account(
        init, payer = challenger, space = 8 + std::mem::size_of::<Dispute>(),
        seeds = [
            Dispute::SEED, round.key().as_ref(), challenger.key().as_ref(),
            &[subject.kind()], &subject.index().to_le_bytes(),
        ],
        bump,
    )]
    pub dispute: AccountLoader<'info, Dispute>,
    #[account(mut)]
    pub challenger: Signer<'info>,
    #[account(mut, constraint = source.mint == federation.reward_mint @ PlenaryError::WrongMint)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = federation.escrow @ PlenaryError::WrongEscrow)]
    pub escrow: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    /// The round that the disputed one builds on. Needed for a shortfall.
    #[account(
        has_one = federation @ PlenaryError::WrongFederation,
        constraint = base_round.number == round.base_round @ PlenaryError::WrongBase,
    )]
    pub base_round: Option<Box<Account<'info, Round>>>,
    /// CHECK: the Instructions sysvar, by its address. Needed for an omission.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: Option<UncheckedAccount<'info>>,
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl DisputeOpen<'_> {
    pub fn dispute_open(ctx: Context<Self>, subject: DisputeSubject) -> Result<()> {
        let bump = ctx.bumps.dispute;
        let accounts = ctx.accounts;
        let now = Clock::get()?.unix_timestamp;
        require!(
            !accounts.federation.has_dropped(&accounts.round),
            PlenaryError::RoundSettled
        );
        accounts.round.open_dispute(now)?;
        let deposit = accounts.federation.dispute_deposit();
        {
            let mut dispute = accounts.dispute.load_init()?;
            dispute.bump = bump;
            dispute.challenger = accounts.challenger.key();
            dispute.deposit = deposit;
            dispute.open(&accounts.round, &subject, now)?;
            match &subject {
                DisputeSubject::Omission => {
                    let receipt = accounts.receipt()?;
                    let Receipt {
                        member,
                        sequence,
                        envelope_hash,
                        ..
                    } = receipt;
                    dispute.search_for(member, sequence, envelope_hash);
                }
                DisputeSubject::Shortfall { index, leaf, path } => {
                    accounts.require_earned_before(*index, leaf, path)?;
                    dispute.search_for(leaf.member, leaf.cumulative, [0; 32]);
                }
                _ => (),
            }
        }
        collect(
            &accounts.challenger,
            &accounts.source,
            &accounts.escrow,
            &accounts.reward_mint,
            &accounts.token_program,
            deposit,
        )?;
        accounts.federation.take_deposit(deposit)?;
        emit!(DisputeOpened {
            federation: accounts.federation.key(),
            round: accounts.round.key(),
            dispute: accounts.dispute.key(),
            challenger: accounts.challenger.key(),
            kind: subject.kind(),
            index: subject.index(),
            deposit,
        });
        accounts.round.invariant()?;
        accounts.federation.invariant()
    }

    /// The receipt that the preceding instruction verified. It must be the aggregator's, for this
    /// round.
    fn receipt(&self) -> Result<Receipt> {
        let instructions = self
            .instructions
            .as_ref()
            .ok_or(PlenaryError::SignatureInstructionMissing)?;
        let signed = SignedMessage::before_this_instruction(instructions)?;
        let receipt = Receipt::read(&signed.message)?;
        require!(
            receipt.program_id == crate::ID
                && receipt.federation == self.federation.key()
                && receipt.round == self.round.number,
            PlenaryError::MessageMismatch
        );
        require_keys_eq!(signed.key, self.round.aggregator, PlenaryError::WrongSigner);
        Ok(receipt)
    }

    fn require_earned_before(&self, index: u32, leaf: &RewardLeaf, path: &[Hash]) -> Result<()> {
        require!(
            self.round.base_round != 0,
            PlenaryError::NothingEarnedBefore
        );
        let base = self
            .base_round
            .as_ref()
            .ok_or(PlenaryError::BaseRoundMissing)?;
        require!(
            matches!(base.status, RoundStatus::Committed | RoundStatus::Final),
            PlenaryError::RoundNotCommitted
        );
        base.invariant()?;
        let root = root_from_path(leaf.hash(), index, base.reward_count, path);
        require!(root == Some(base.rewards_root), PlenaryError::BadProof);
        Ok(())
    }
}
