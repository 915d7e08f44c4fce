//! How accounts of version 1 become accounts of version 2: rules replace strategy and momentum.

use anchor_lang::prelude::*;
use anchor_lang::Discriminator;

use crate::errors::PlenaryError;
use crate::rules;
use crate::state::{Federation, Round, Rules};

/// Offset of the version, after Anchor's discriminator.
const VERSION_AT: usize = 8;
/// Bytes of strategy (u8) and momentum (u16) in version 1.
const REPLACED: usize = 3;
/// Their offset in a Federation, after version, bump, creator, id, three addresses, admission,
/// pause, three addresses and the configuration hash.
const FEDERATION_RULES_AT: usize = VERSION_AT + 2 + 32 + 8 + 3 * 32 + 2 + 4 * 32;
/// Their offset in a Round, after version, bump, federation, number, status, two addresses and the
/// configuration hash.
const ROUND_RULES_AT: usize = VERSION_AT + 2 + 32 + 8 + 1 + 3 * 32;

/// The bytes of a Federation or Round of version 1 in the layout of version 2. Refuses other
/// accounts and accounts in an impossible state.
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

/// Version 1 knew one aggregator, the mean. It accepted unknown strategies, which could keep state.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::golden::golden_bytes;

    #[test]
    fn old_bytes_become_the_bytes_of_the_present_layout() {
        for kind in ["federation", "round"] {
            let present = golden_bytes(kind, 2);
            assert_eq!(migrated(&golden_bytes(kind, 1)).unwrap(), present);
            assert!(migrated(&present).is_err());
        }
        for kind in ["member", "dispute", "equivocation"] {
            assert!(migrated(&golden_bytes(kind, 1)).is_err());
        }
    }

    #[test]
    fn strategy_and_momentum_are_carried_over() {
        let migrated_rules = |strategy: u8, momentum: u16| {
            let mut data = golden_bytes("round", 1);
            data[ROUND_RULES_AT] = strategy;
            data[ROUND_RULES_AT + 1..ROUND_RULES_AT + 3].copy_from_slice(&momentum.to_le_bytes());
            let bytes = migrated(&data).unwrap();
            Round::try_deserialize(&mut bytes.as_slice()).unwrap().rules
        };
        let fedavgm = migrated_rules(1, 58_982);
        fedavgm.validate().unwrap();
        assert!(fedavgm.provable);
        assert_eq!(
            (
                fedavgm.strategy,
                fedavgm.state_vectors,
                fedavgm.parameters[0]
            ),
            (1, 1, 58_982)
        );
        let unknown = migrated_rules(7, 0);
        unknown.validate().unwrap();
        assert!(!unknown.provable);
        assert_eq!(unknown.strategy, rules::CUSTOM_RULE);
    }
}
