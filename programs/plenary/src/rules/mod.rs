//! The rules for computing a round that the program knows, one file each.
//!
//! The two `match`es below are the registry, and nothing else names a rule. A new rule is a file
//! here, a code in its `match`, and a file of the same name in `clients/algorithms`.

mod fedavg;
mod fedavgm;
mod mean;
#[cfg(test)]
mod tests;

use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::state::CHUNK_LENGTH;

/// Code of a rule that the program does not know. The configuration hash alone identifies it, and
/// only a replay can check it.
#[constant]
pub const CUSTOM_RULE: u8 = 255;

/// One chunk of the weighted sums of a round's deltas, or of their aggregate.
pub type Sums = [i64; CHUNK_LENGTH];
/// One chunk of a model, or of a vector of the server's state.
pub type Values = [i32; CHUNK_LENGTH];

/// Combines a round's updates into one vector.
pub trait Aggregator {
    /// Number of parameters that the rule takes.
    fn parameter_count(&self) -> usize;
    /// Refuses parameters out of range. Here and in `step`, there are `parameter_count` of them.
    fn validate(&self, parameters: &[u32]) -> Result<()>;
    /// Computes one chunk of the aggregate; `None` if there is none. `weight` is the updates'
    /// total.
    fn step(&self, parameters: &[u32], sums: &Sums, weight: i64) -> Option<Sums>;
}

/// Computes the next model from the aggregate and from what the server keeps between rounds.
pub trait Strategy {
    /// Number of vectors, each as long as the model, that the server keeps between rounds. At most
    /// one, because a dispute has room for no more.
    fn state_vectors(&self) -> u8;
    /// Number of parameters that the rule takes.
    fn parameter_count(&self) -> usize;
    /// Refuses parameters out of range. Here and in `step`, there are `parameter_count` of them.
    fn validate(&self, parameters: &[u32]) -> Result<()>;
    /// Computes one chunk of the next model and state. A strategy without state returns `state`.
    fn step(&self, parameters: &[u32], base: &Values, aggregate: &Sums, state: &Values) -> Step;
}

/// One chunk of the next model and state.
pub struct Step {
    pub next: Values,
    pub state: Values,
}

/// The aggregator with this code, or `None` if it is custom. Refuses unknown codes.
pub fn aggregator(code: u8) -> Result<Option<&'static dyn Aggregator>> {
    match code {
        0 => Ok(Some(&mean::Mean)),
        CUSTOM_RULE => Ok(None),
        _ => err!(PlenaryError::RuleUnknown),
    }
}

/// The strategy with this code, or `None` if it is custom. Refuses unknown codes.
pub fn strategy(code: u8) -> Result<Option<&'static dyn Strategy>> {
    match code {
        0 => Ok(Some(&fedavg::FedAvg)),
        1 => Ok(Some(&fedavgm::FedAvgM)),
        CUSTOM_RULE => Ok(None),
        _ => err!(PlenaryError::RuleUnknown),
    }
}

/// Models and server states are clamped to +-(2^31 - 1).
fn clamp(value: i64) -> i32 {
    const LIMIT: i64 = i32::MAX as i64;
    // Cannot truncate: the value is within the limit.
    value.clamp(-LIMIT, LIMIT) as i32
}
