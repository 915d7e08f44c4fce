use anchor_lang::prelude::*;
use anchor_spl::token_interface::TokenAccount;

use crate::errors::PlenaryError;
use crate::events::RoundOpened;
use crate::state::{latest_slot_hash, Federation, Round, SLOT_HASHES};

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct RoundOpenArgs {
    pub number: u64,
    /// The base that the aggregator expects; an outdated one is refused.
    pub base_root: [u8; 32],
    pub base_state_root: [u8; 32],
    pub collect_seconds: u32,
}

#[derive(Accounts)]
#[instruction(args: RoundOpenArgs)]
pub struct RoundOpen<'info> {
    #[account(mut, has_one = aggregator @ PlenaryError::NotAggregator)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(
        init, payer = payer, space = 8 + Round::INIT_SPACE,
        seeds = [Round::SEED, federation.key().as_ref(), &args.number.to_le_bytes()], bump,
    )]
    pub round: Box<Account<'info, Round>>,
    pub aggregator: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(address = federation.vault @ PlenaryError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// CHECK: the SlotHashes sysvar, by its address. It is too large to be deserialised.
    #[account(address = SLOT_HASHES)]
    pub slot_hashes: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl RoundOpen<'_> {
    pub fn validate(&self, args: &RoundOpenArgs) -> Result<()> {
        let federation = &self.federation;
        require!(!federation.paused, PlenaryError::Paused);
        require!(
            args.number == federation.next_round,
            PlenaryError::WrongRoundNumber
        );
        require!(
            args.base_root == federation.last_model_root
                && args.base_state_root == federation.last_state_root,
            PlenaryError::WrongBase
        );
        require!(
            (1..=federation.collect_limit).contains(&args.collect_seconds),
            PlenaryError::CollectTimeOutOfRange
        );
        require!(
            federation.bond >= federation.minimum_bond,
            PlenaryError::BondBelowMinimum
        );
        Ok(())
    }

    pub fn round_open(ctx: Context<Self>, args: RoundOpenArgs) -> Result<()> {
        let bump = ctx.bumps.round;
        let accounts = ctx.accounts;
        let (slot, slot_hash) = latest_slot_hash(&accounts.slot_hashes)?;
        let (federation, round) = (&mut accounts.federation, &mut accounts.round);
        round.version = Round::VERSION;
        round.bump = bump;
        round.federation = federation.key();
        round.number = federation.open()?;
        round.rent_payer = accounts.payer.key();
        round.slot = slot;
        round.slot_hash = slot_hash;
        round.open(
            federation,
            Clock::get()?.unix_timestamp,
            args.collect_seconds,
        )?;
        // Members train for this budget, so the vault must hold it before they start.
        require!(
            accounts.vault.amount >= federation.owed()?,
            PlenaryError::VaultTooSmall
        );
        emit!(RoundOpened {
            federation: federation.key(),
            round: round.key(),
            number: round.number,
            base_round: round.base_round,
            base_root: round.base_root,
            slot_hash,
            deadline: round.deadline,
        });
        round.invariant()?;
        federation.invariant()
    }
}
