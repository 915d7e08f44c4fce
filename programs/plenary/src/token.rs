//! Token movements of a federation. The only file that names the token program's instructions.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{
    transfer_checked, Mint, TokenAccount, TokenInterface, TransferChecked,
};

use crate::errors::PlenaryError;
use crate::state::Federation;

/// Moves `amount` out of the vault or the escrow, which the federation's address owns.
pub fn pay_out<'info>(
    federation: &Account<'info, Federation>,
    from: &InterfaceAccount<'info, TokenAccount>,
    to: &InterfaceAccount<'info, TokenAccount>,
    mint: &InterfaceAccount<'info, Mint>,
    token_program: &Interface<'info, TokenInterface>,
    amount: u64,
) -> Result<()> {
    let id = federation.id.to_le_bytes();
    let seeds: &[&[u8]] = &[
        Federation::SEED,
        federation.creator.as_ref(),
        &id,
        &[federation.bump],
    ];
    let accounts = TransferChecked {
        from: from.to_account_info(),
        mint: mint.to_account_info(),
        to: to.to_account_info(),
        authority: federation.to_account_info(),
    };
    transfer_checked(
        CpiContext::new_with_signer(token_program.key(), accounts, &[seeds]),
        amount,
        mint.decimals,
    )
}

/// Moves `amount` from somebody who signs into the vault or the escrow.
pub fn collect<'info>(
    payer: &Signer<'info>,
    from: &InterfaceAccount<'info, TokenAccount>,
    to: &InterfaceAccount<'info, TokenAccount>,
    mint: &InterfaceAccount<'info, Mint>,
    token_program: &Interface<'info, TokenInterface>,
    amount: u64,
) -> Result<()> {
    let accounts = TransferChecked {
        from: from.to_account_info(),
        mint: mint.to_account_info(),
        to: to.to_account_info(),
        authority: payer.to_account_info(),
    };
    transfer_checked(
        CpiContext::new(token_program.key(), accounts),
        amount,
        mint.decimals,
    )
}

/// A token account that rewards may be paid to: in the reward mint, and not the federation's own.
pub fn require_payout(
    federation: &Federation,
    payout: &InterfaceAccount<TokenAccount>,
) -> Result<()> {
    require_keys_eq!(payout.mint, federation.reward_mint, PlenaryError::WrongMint);
    require!(
        payout.key() != federation.vault && payout.key() != federation.escrow,
        PlenaryError::PayoutIsFederation
    );
    Ok(())
}
