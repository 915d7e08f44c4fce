use anchor_lang::prelude::*;
use anchor_spl::token_interface::{TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::FederationCreated;
use crate::reward_mint::RewardMint;
use crate::state::{Federation, Rules, Terms, MAX_PARAMETER_COUNT};

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct FederationCreateArgs {
    pub id: u64,
    pub terms: Terms,
    /// Vector roots of the first round's base model and server state.
    pub model_root: [u8; 32],
    pub state_root: [u8; 32],
    pub parameter_count: u32,
    pub rules: Rules,
}

#[derive(Accounts)]
#[instruction(args: FederationCreateArgs)]
pub struct FederationCreate<'info> {
    #[account(
        init, payer = authority, space = 8 + Federation::INIT_SPACE,
        seeds = [Federation::SEED, authority.key().as_ref(), &args.id.to_le_bytes()], bump,
    )]
    pub federation: Box<Account<'info, Federation>>,
    #[account(mut)]
    pub authority: Signer<'info>,
    pub reward_mint: Box<InterfaceAccount<'info, RewardMint>>,
    #[account(
        init, payer = authority, seeds = [Federation::VAULT_SEED, federation.key().as_ref()], bump,
        token::mint = reward_mint, token::authority = federation,
        token::token_program = token_program,
    )]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(
        init, payer = authority, seeds = [Federation::ESCROW_SEED, federation.key().as_ref()], bump,
        token::mint = reward_mint, token::authority = federation,
        token::token_program = token_program,
    )]
    pub escrow: Box<InterfaceAccount<'info, TokenAccount>>,
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl FederationCreate<'_> {
    pub fn validate(args: &FederationCreateArgs) -> Result<()> {
        args.terms.validate()?;
        require!(
            (1..=MAX_PARAMETER_COUNT).contains(&args.parameter_count),
            PlenaryError::ParameterCountOutOfRange
        );
        args.rules.validate()?;
        args.rules.require_state_root(&args.state_root)
    }

    pub fn federation_create(ctx: Context<Self>, args: FederationCreateArgs) -> Result<()> {
        #[cfg(not(feature = "no-entrypoint"))]
        crate::security::keep_security_txt();
        let federation = &mut ctx.accounts.federation;
        federation.version = Federation::VERSION;
        federation.bump = ctx.bumps.federation;
        federation.creator = ctx.accounts.authority.key();
        federation.id = args.id;
        federation.authority = ctx.accounts.authority.key();
        federation.reward_mint = ctx.accounts.reward_mint.key();
        federation.vault = ctx.accounts.vault.key();
        federation.escrow = ctx.accounts.escrow.key();
        federation.apply(&args.terms);
        federation.rules = args.rules;
        federation.parameter_count = args.parameter_count;
        federation.next_round = 1;
        federation.last_model_root = args.model_root;
        federation.last_state_root = args.state_root;
        emit!(FederationCreated {
            federation: federation.key(),
            authority: federation.authority,
            aggregator: federation.aggregator,
            reward_mint: federation.reward_mint,
            configuration_hash: federation.configuration_hash,
            model_root: federation.last_model_root,
        });
        federation.invariant()
    }
}
