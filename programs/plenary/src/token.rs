//! A federation's token transfers. No other file names the token program's instructions.
//!
//! The vault holds at least what is owed, and the escrow at least bond, stakes and deposits. Both
//! follow by induction from the checks here: the balance changes by exactly the amount by which the
//! caller changes its accounts. Because only the difference is checked, claims and withdrawals
//! still work if a fault from outside, such as a token program's, has broken the total. Anyone may
//! send tokens to either account, so both may hold more.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{
    transfer_checked, Mint, TokenAccount, TokenInterface, TransferChecked,
};

use crate::errors::PlenaryError;
use crate::state::Federation;

/// Transfers `amount` out of the vault or the escrow, which the federation's address owns.
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
    let before = balance(from)?;
    transfer_checked(
        CpiContext::new_with_signer(token_program.key(), accounts, &[seeds]),
        amount,
        mint.decimals,
    )?;
    require!(
        before.checked_sub(amount) == Some(balance(from)?),
        PlenaryError::InvariantBroken
    );
    Ok(())
}

/// Transfers `amount` from an account of the signer into the vault or the escrow.
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
    let before = balance(to)?;
    transfer_checked(
        CpiContext::new(token_program.key(), accounts),
        amount,
        mint.decimals,
    )?;
    require!(
        before.checked_add(amount) == Some(balance(to)?),
        PlenaryError::InvariantBroken
    );
    Ok(())
}

/// The present balance of a token account: its field `amount` is that before the instruction.
fn balance(account: &InterfaceAccount<TokenAccount>) -> Result<u64> {
    let info = account.to_account_info();
    let data = info.try_borrow_data()?;
    Ok(TokenAccount::try_deserialize(&mut &data[..])?.amount)
}

/// Requires a token account that the vault may pay: one in the reward mint that the federation does
/// not own itself, since nobody could take the tokens out of that again.
pub fn require_payout(
    federation: &Account<Federation>,
    payout: &InterfaceAccount<TokenAccount>,
) -> Result<()> {
    require_keys_eq!(payout.mint, federation.reward_mint, PlenaryError::WrongMint);
    require_keys_neq!(
        payout.owner,
        federation.key(),
        PlenaryError::PayoutIsFederation
    );
    Ok(())
}
