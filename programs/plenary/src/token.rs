//! Token movements of a federation. The only file that names the token program's instructions.
//!
//! The vault holds at least what is owed, the escrow at least bond, stakes and deposits. Both follow by induction from what is
//! checked here: that the vault or the escrow changes by exactly the amount by which the caller changes what it accounts for.
//! Looking at the difference, and not at the whole, keeps claims and withdrawals going even if something from outside (a fault of a
//! token program) broke the whole. Anybody may send tokens to either account, so both may hold more.

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

/// What a token account holds now: the field `amount` is of the instruction's beginning.
fn balance(account: &InterfaceAccount<TokenAccount>) -> Result<u64> {
    let info = account.to_account_info();
    let data = info.try_borrow_data()?;
    Ok(TokenAccount::try_deserialize(&mut &data[..])?.amount)
}

/// A token account that the vault may pay: in the reward mint, and not one of the federation's own, which would keep the tokens for ever.
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
