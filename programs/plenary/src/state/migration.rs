//! Accounts of version 1, as they become accounts of version 2: the rules stand in the place of strategy and momentum.

use anchor_lang::prelude::*;
use anchor_lang::Discriminator;

use crate::errors::PlenaryError;
use crate::rules;
use crate::state::{Federation, Round, Rules};

/// Where the version stands, after Anchor's discriminator.
const VERSION_AT: usize = 8;
/// Bytes of strategy (u8) and momentum (u16) in version 1.
const REPLACED: usize = 3;
/// Where they stand, after the configuration hash, in a Federation: bump, creator, id, three addresses, admission, pause, four addresses.
const FEDERATION_RULES_AT: usize = VERSION_AT + 2 + 32 + 8 + 3 * 32 + 2 + 4 * 32;
/// The same in a Round: bump, federation, number, status, three addresses.
const ROUND_RULES_AT: usize = VERSION_AT + 2 + 32 + 8 + 1 + 3 * 32;

/// The bytes of a Federation or Round of version 1 in the layout of version 2. Refuses other accounts, and a result that must not be.
pub fn migrated(data: &[u8]) -> Result<Vec<u8>> {
    let is_federation = data.starts_with(Federation::DISCRIMINATOR);
    let is_round = data.starts_with(Round::DISCRIMINATOR);
    require!(
        (is_federation || is_round) && data.get(VERSION_AT) == Some(&1),
        PlenaryError::NothingToMigrate
    );
    let at = if is_federation {
        FEDERATION_RULES_AT
    } else {
        ROUND_RULES_AT
    };
    let (before, rest) = data
        .split_at_checked(at)
        .ok_or(PlenaryError::NothingToMigrate)?;
    let (replaced, after) = rest
        .split_first_chunk::<REPLACED>()
        .ok_or(PlenaryError::NothingToMigrate)?;
    let [strategy, low, high] = *replaced;
    let mut bytes = before.to_vec();
    bytes[VERSION_AT] = 2;
    rules_of(strategy, u16::from_le_bytes([low, high])).serialize(&mut bytes)?;
    bytes.extend_from_slice(after);
    if is_federation {
        Federation::try_deserialize(&mut bytes.as_slice())?.invariant()?;
    } else {
        Round::try_deserialize(&mut bytes.as_slice())?.invariant()?;
    }
    Ok(bytes)
}

/// Version 1 knew one aggregator, the mean. It took strategies that it could not judge, whatever state they kept.
fn rules_of(strategy: u8, momentum: u16) -> Rules {
    let known = strategy <= 1;
    let mut rules = Rules {
        aggregator: 0,
        strategy: if known { strategy } else { rules::CUSTOM_RULE },
        masking: 0,
        state_vectors: if known { strategy } else { 1 },
        provable: known,
        parameters: Default::default(),
    };
    rules.parameters[0] = momentum.into();
    rules
}
