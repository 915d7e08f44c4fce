use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::errors::PlenaryError;
use crate::events::{DisputeResolved, RoundVoided};
use crate::state::{fault, Dispute, Federation, Round, RoundStatus, Verdict};
use crate::token::pay_out;

#[derive(Accounts)]
pub struct DisputeResolve<'info> {
    #[account(mut)]
    pub federation: Box<Account<'info, Federation>>,
    #[account(mut, has_one = federation @ PlenaryError::WrongFederation)]
    pub round: Box<Account<'info, Round>>,
    #[account(
        mut,
        close = challenger,
        has_one = round @ PlenaryError::WrongRoundNumber,
        has_one = challenger @ PlenaryError::NotChallenger,
    )]
    pub dispute: AccountLoader<'info, Dispute>,
    /// CHECK: only receives lamports, and only if it opened the dispute (`has_one`).
    #[account(mut)]
    pub challenger: UncheckedAccount<'info>,
    /// The account that the challenger is paid to. It may be left out if the challenger loses,
    /// which could otherwise prevent the end by closing the account.
    #[account(
        mut,
        constraint = challenger_tokens.mint == federation.reward_mint @ PlenaryError::WrongMint,
        constraint = challenger_tokens.owner == challenger.key() @ PlenaryError::WrongTokenOwner,
    )]
    pub challenger_tokens: Option<Box<InterfaceAccount<'info, TokenAccount>>>,
    #[account(mut, address = federation.vault @ PlenaryError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = federation.escrow @ PlenaryError::WrongEscrow)]
    pub escrow: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = federation.reward_mint @ PlenaryError::WrongMint)]
    pub reward_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl DisputeResolve<'_> {
    pub fn dispute_resolve(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        let (verdict, deposit, found) = accounts.decide()?;
        let upheld = verdict == Verdict::Upheld;
        accounts.round.close_dispute(upheld)?;
        let (reward, to_vault) = if upheld {
            accounts.federation.drop_from(&accounts.round);
            accounts.federation.slash_bond()
        } else {
            (0, 0)
        };
        if verdict == Verdict::Rejected {
            accounts.federation.forfeit_deposit(deposit)?;
        } else {
            accounts.federation.return_deposit(deposit)?;
            let due = deposit.checked_add(reward).ok_or(PlenaryError::Overflow)?;
            accounts.pay_challenger(due)?;
        }
        if to_vault > 0 {
            accounts.pay_vault(to_vault)?;
        }
        emit!(DisputeResolved {
            federation: accounts.federation.key(),
            round: accounts.round.key(),
            dispute: accounts.dispute.key(),
            challenger: accounts.challenger.key(),
            verdict: verdict as u8,
            fault: if upheld { found } else { fault::NONE },
            reward,
            to_vault,
        });
        if upheld {
            emit!(RoundVoided {
                federation: accounts.federation.key(),
                round: accounts.round.key(),
                number: accounts.round.number,
                last_committed_round: accounts.federation.last_committed_round,
            });
        }
        accounts.round.invariant()?;
        accounts.federation.invariant()
    }

    /// The verdict, the deposit, and the fault that was found.
    fn decide(&self) -> Result<(Verdict, u64, u8)> {
        let mut dispute = self.dispute.load_mut()?;
        require!(
            dispute.version == Dispute::VERSION,
            PlenaryError::VersionUnknown
        );
        // A round that builds on a void one is void, even if its account does not say so yet.
        let is_void =
            self.round.status == RoundStatus::Void || self.federation.has_dropped(&self.round);
        let verdict = if is_void {
            Verdict::Moot
        } else {
            dispute
                .verdict(&self.round.rules, Clock::get()?.unix_timestamp)?
                .ok_or(PlenaryError::DisputeUndecided)?
        };
        Ok((verdict, dispute.deposit, dispute.fault))
    }

    fn pay_challenger(&self, amount: u64) -> Result<()> {
        let tokens = self
            .challenger_tokens
            .as_ref()
            .ok_or(PlenaryError::ChallengerTokensMissing)?;
        self.pay(tokens, amount)
    }

    fn pay_vault(&self, amount: u64) -> Result<()> {
        self.pay(&self.vault, amount)
    }
}

impl<'info> DisputeResolve<'info> {
    fn pay(&self, to: &InterfaceAccount<'info, TokenAccount>, amount: u64) -> Result<()> {
        pay_out(
            &self.federation,
            &self.escrow,
            to,
            &self.reward_mint,
            &self.token_program,
            amount,
        )
    }
}
