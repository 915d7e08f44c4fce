use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::{Hash, EMPTY_ROOT};
use crate::rules;

/// Parameters of all rules of a round together.
pub const RULE_PARAMETERS: usize = 8;
/// Most vectors that a custom strategy may keep between rounds.
#[constant]
pub const MAX_STATE_VECTORS: u8 = 8;

/// How a federation's rounds are computed, and whether the program can judge them. They are fixed
/// when the federation is created.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// 0: mean; 255: custom.
    pub aggregator: u8,
    /// 0: FedAvg; 1: FedAvgM; 255: custom.
    pub strategy: u8,
    /// How updates are masked. 0: they are not; other values are refused.
    pub masking: u8,
    /// Number of vectors, each as long as the model, that the strategy keeps between rounds. The
    /// state root is the vector root of one after the other, each padded with zeros to whole
    /// chunks.
    pub state_vectors: u8,
    /// Whether the program can compute a disputed chunk. If not, the rounds are replay-only: only a
    /// replay can check their arithmetic.
    pub provable: bool,
    /// The strategy's parameters, then the aggregator's, then zeros.
    pub parameters: [u32; RULE_PARAMETERS],
}

impl Rules {
    /// Refuses unknown codes, and statements that are wrong for a known rule. The parameters of
    /// custom rules are not checked.
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

    /// Requires the root of the empty tree if the strategy keeps no state.
    pub fn require_state_root(&self, root: &Hash) -> Result<()> {
        require!(
            self.state_vectors > 0 || *root == EMPTY_ROOT,
            PlenaryError::StateNotEmpty
        );
        Ok(())
    }

    /// Computes one chunk of the next model and state; `None` if the updates have no aggregate.
    /// Refuses replay-only rules.
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
