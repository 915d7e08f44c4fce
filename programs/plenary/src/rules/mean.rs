use anchor_lang::prelude::*;

use super::{Aggregator, Sums};

/// The weighted mean, rounded half up.
pub struct Mean;

impl Aggregator for Mean {
    fn parameter_count(&self) -> usize {
        0
    }

    fn validate(&self, _parameters: &[u32]) -> Result<()> {
        Ok(())
    }

    fn step(&self, _parameters: &[u32], sums: &Sums, weight: i64) -> Option<Sums> {
        if weight <= 0 {
            return None;
        }
        // Cannot overflow: |sum| < 2^53 and weight < 2^26.
        Some(sums.map(|sum| (2 * sum + weight).div_euclid(2 * weight)))
    }
}
