use anchor_lang::prelude::*;

use super::{clamp, Step, Strategy, Sums, Values};
use crate::state::CHUNK_LENGTH;

/// FedAvg (McMahan et al., AISTATS 2017): next = base + aggregate.
pub struct FedAvg;

impl Strategy for FedAvg {
    fn state_vectors(&self) -> u8 {
        0
    }

    fn parameter_count(&self) -> usize {
        0
    }

    fn validate(&self, _parameters: &[u32]) -> Result<()> {
        Ok(())
    }

    fn step(&self, _parameters: &[u32], base: &Values, aggregate: &Sums, state: &Values) -> Step {
        let mut next = [0; CHUNK_LENGTH];
        for (at, value) in next.iter_mut().enumerate() {
            // Cannot overflow: |aggregate| < 2^53.
            *value = clamp(i64::from(base[at]) + aggregate[at]);
        }
        Step {
            next,
            state: *state,
        }
    }
}
