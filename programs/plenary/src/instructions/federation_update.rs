use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::events::FederationUpdated;
use crate::state::{Federation, Terms};

#[derive(Accounts)]
pub struct FederationUpdate<'info> {
    #[account(mut, has_one = authority @ PlenaryError::NotAuthority)]
    pub federation: Box<Account<'info, Federation>>,
    pub authority: Signer<'info>,
}

impl FederationUpdate<'_> {
    pub fn validate(&self, terms: &Terms) -> Result<()> {
        terms.validate()?;
        require!(
            self.federation.open_round == 0,
            PlenaryError::RoundInProgress
        );
        // Deposits follow from the minimum bond, so raising it must not put disputes out of reach
        // once a round is committed. And a new aggregator's bond must not pay for rounds that it
        // did not commit.
        require!(
            self.federation.is_settled()
                || (terms.aggregator == self.federation.aggregator
                    && terms.minimum_bond == self.federation.minimum_bond),
            PlenaryError::TermsInDispute
        );
        // The bond in escrow belongs to the present aggregator and secures the rounds it committed.
        require!(
            terms.aggregator == self.federation.aggregator || self.federation.bond == 0,
            PlenaryError::BondInEscrow
        );
        Ok(())
    }

    pub fn federation_update(ctx: Context<Self>, terms: Terms) -> Result<()> {
        let federation = &mut ctx.accounts.federation;
        federation.apply(&terms);
        emit!(FederationUpdated {
            federation: federation.key(),
            aggregator: federation.aggregator,
            configuration_hash: federation.configuration_hash,
        });
        federation.invariant()
    }
}
