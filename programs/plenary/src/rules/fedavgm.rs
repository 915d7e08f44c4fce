use anchor_lang::prelude::*;

use super::{clamp, Step, Strategy, Sums, Values};
use crate::errors::PlenaryError;
use crate::state::CHUNK_LENGTH;

/// FedAvgM (Hsu, Qi, Brown, arXiv:1909.06335): state' = momentum * state + aggregate, and next =
/// base + state'. Its one parameter is the momentum in units of 2^-16. The product is rounded half
/// up.
pub struct FedAvgM;

impl Strategy for FedAvgM {
    fn state_vectors(&self) -> u8 {
        1
    }

    fn parameter_count(&self) -> usize {
        1
    }

    fn validate(&self, parameters: &[u32]) -> Result<()> {
        let in_range = parameters
            .iter()
            .all(|momentum| *momentum <= u32::from(u16::MAX));
        require!(in_range, PlenaryError::RuleParametersOutOfRange);
        Ok(())
    }

    fn step(&self, parameters: &[u32], base: &Values, aggregate: &Sums, state: &Values) -> Step {
        let momentum = parameters.first().copied().map_or(0, i64::from);
        let (mut next, mut velocity) = ([0; CHUNK_LENGTH], [0; CHUNK_LENGTH]);
        for at in 0..CHUNK_LENGTH {
            // Cannot overflow: momentum < 2^16, |state| <= 2^31 and |aggregate| < 2^53.
            let decayed = (momentum * i64::from(state[at]) + (1 << 15)).div_euclid(1 << 16);
            velocity[at] = clamp(decayed + aggregate[at]);
            next[at] = clamp(i64::from(base[at]) + i64::from(velocity[at]));
        }
        Step {
            next,
            state: velocity,
        }
    }
}
