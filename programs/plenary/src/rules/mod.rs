//! The rules by which a round is computed, as far as the program knows them: one file a rule.
//!
//! The two `match`es below are the registry, and nothing else names a rule. A new rule is a file here, a code in its `match`, and a
//! file of the same name in `clients/algorithms`.

mod fedavg;
mod fedavgm;
mod mean;

use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::state::CHUNK_LENGTH;

/// Code of a rule that the program does not know. Its identity is the configuration hash alone, and only a replay can check it.
#[constant]
pub const CUSTOM_RULE: u8 = 255;

/// The weighted sums of a round's deltas, one chunk of them.
pub type Sums = [i64; CHUNK_LENGTH];
/// One chunk of a model, or of a vector of the server's state.
pub type Values = [i32; CHUNK_LENGTH];

/// Makes one vector of a round's updates.
pub trait Aggregator {
    /// Number of parameters that the rule takes.
    fn parameter_count(&self) -> usize;
    /// Refuses parameters out of their range. There are `parameter_count` of them, here and in `step`.
    fn validate(&self, parameters: &[u32]) -> Result<()>;
    /// One chunk of the aggregate; `None` where the updates have none. `weight` is the updates' total weight.
    fn step(&self, parameters: &[u32], sums: &Sums, weight: i64) -> Option<Sums>;
}

/// Makes the next model of the aggregate and of what the server keeps between rounds.
pub trait Strategy {
    /// Vectors, each as long as the model, that the server keeps between rounds. At most one: a dispute holds no more.
    fn state_vectors(&self) -> u8;
    /// Number of parameters that the rule takes.
    fn parameter_count(&self) -> usize;
    /// Refuses parameters out of their range. There are `parameter_count` of them, here and in `step`.
    fn validate(&self, parameters: &[u32]) -> Result<()>;
    /// One chunk of the next model and state. `state` is zero, and stays so, if the strategy keeps none.
    fn step(&self, parameters: &[u32], base: &Values, aggregate: &Sums, state: &Values) -> Step;
}

/// What a strategy makes of one chunk.
pub struct Step {
    pub next: Values,
    pub state: Values,
}

/// The aggregator with a code, or `None` if it is custom. Refuses a code that stands for nothing.
pub fn aggregator(code: u8) -> Result<Option<&'static dyn Aggregator>> {
    match code {
        0 => Ok(Some(&mean::Mean)),
        CUSTOM_RULE => Ok(None),
        _ => err!(PlenaryError::RuleUnknown),
    }
}

/// The strategy with a code, or `None` if it is custom. Refuses a code that stands for nothing.
pub fn strategy(code: u8) -> Result<Option<&'static dyn Strategy>> {
    match code {
        0 => Ok(Some(&fedavg::FedAvg)),
        1 => Ok(Some(&fedavgm::FedAvgM)),
        CUSTOM_RULE => Ok(None),
        _ => err!(PlenaryError::RuleUnknown),
    }
}

/// Models and server states stay within +-(2^31 - 1).
fn clamp(value: i64) -> i32 {
    const LIMIT: i64 = i32::MAX as i64;
    // cannot truncate: the value is within the limit
    value.clamp(-LIMIT, LIMIT) as i32
}
