use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::{Hash, EMPTY_ROOT};
use crate::rules;

/// Integers that the rules of a round may take in all.
pub const RULE_PARAMETERS: usize = 8;
/// Most vectors that a custom strategy may keep between rounds.
#[constant]
pub const MAX_STATE_VECTORS: u8 = 8;

/// How a federation's rounds are computed, and whether the program can judge them. Fixed when the federation is created.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// 0: mean; 255: custom.
    pub aggregator: u8,
    /// 0: FedAvg; 1: FedAvgM; 255: custom.
    pub strategy: u8,
    /// How updates are masked. 0: not at all; other values are refused.
    pub masking: u8,
    /// Vectors, each as long as the model, that the strategy keeps between rounds. The state root is that of the vectors one after the
    /// other, each padded with zeros to whole chunks.
    pub state_vectors: u8,
    /// Whether a disputed chunk can be computed on chain. A round that is not provable can only be checked by replay.
    pub provable: bool,
    /// The strategy's parameters, then the aggregator's, then zeros.
    pub parameters: [u32; RULE_PARAMETERS],
}

impl Rules {
    /// Refuses rules that the program does not know, and a statement about a known rule that is not so.
    pub fn validate(&self) -> Result<()> {
        require!(self.masking == 0, PlenaryError::RuleUnknown);
        let aggregator = rules::aggregator(self.aggregator)?;
        let strategy = rules::strategy(self.strategy)?;
        require!(
            self.provable == (aggregator.is_some() && strategy.is_some()),
            PlenaryError::ProvableMismatch
        );
        let Some(strategy) = strategy else {
            require!(
                self.state_vectors <= MAX_STATE_VECTORS,
                PlenaryError::StateVectorsMismatch
            );
            return Ok(());
        };
        require!(
            self.state_vectors == strategy.state_vectors(),
            PlenaryError::StateVectorsMismatch
        );
        let (own, others) = self.parameters.split_at(strategy.parameter_count());
        strategy.validate(own)?;
        if let Some(aggregator) = aggregator {
            let (own, unused) = others.split_at(aggregator.parameter_count());
            aggregator.validate(own)?;
            let are_zero = unused.iter().all(|parameter| *parameter == 0);
            require!(are_zero, PlenaryError::RuleParametersOutOfRange);
        }
        Ok(())
    }

    /// A strategy that keeps no state has the state root of the empty tree, and no other.
    pub fn require_state_root(&self, root: &Hash) -> Result<()> {
        require!(
            self.state_vectors > 0 || *root == EMPTY_ROOT,
            PlenaryError::StateNotEmpty
        );
        Ok(())
    }

    /// One chunk of the next model and state, computed again. Refuses rules that are not provable.
    pub fn step(
        &self,
        sums: &rules::Sums,
        weight: i64,
        base: &rules::Values,
        state: &rules::Values,
    ) -> Result<Option<rules::Step>> {
        let (Some(aggregator), Some(strategy)) = (
            rules::aggregator(self.aggregator)?,
            rules::strategy(self.strategy)?,
        ) else {
            return err!(PlenaryError::RulesReplayOnly);
        };
        let (own, others) = self.parameters.split_at(strategy.parameter_count());
        let aggregate = aggregator.step(&others[..aggregator.parameter_count()], sums, weight);
        Ok(aggregate.map(|aggregate| strategy.step(own, base, &aggregate, state)))
    }
}
