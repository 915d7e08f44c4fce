use serde_json::Value;

use super::*;
use crate::state::{Rules, RULE_PARAMETERS};
use crate::vectors::vectors;

/// The integers of a field, in chunks, of which the last is padded with zeros.
fn chunks(field: &Value) -> Vec<[i64; CHUNK_LENGTH]> {
    let values: Vec<i64> = field
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_i64().unwrap())
        .collect();
    values
        .chunks(CHUNK_LENGTH)
        .map(|chunk| std::array::from_fn(|at| chunk.get(at).copied().unwrap_or(0)))
        .collect()
}

fn narrow(chunk: [i64; CHUNK_LENGTH]) -> Values {
    chunk.map(|value| value.try_into().unwrap())
}

fn sums(round: &Value) -> Vec<Sums> {
    let deltas: Vec<_> = round["deltas"]
        .as_array()
        .unwrap()
        .iter()
        .map(chunks)
        .collect();
    let weights = round["weights"].as_array().unwrap();
    (0..deltas[0].len())
        .map(|chunk| {
            std::array::from_fn(|at| {
                let weighted = deltas.iter().zip(weights);
                weighted
                    .map(|(delta, weight)| delta[chunk][at] * weight.as_i64().unwrap())
                    .sum()
            })
        })
        .collect()
}

fn total_weight(round: &Value) -> i64 {
    let weights = round["weights"].as_array().unwrap().iter();
    weights.map(|weight| weight.as_i64().unwrap()).sum()
}

#[test]
fn every_rule_computes_what_the_vectors_say() {
    for round in vectors("aggregation")["aggregation"].as_array().unwrap() {
        let (weight, momentum) = (total_weight(round), round["momentum"].as_u64().unwrap());
        let momentum = [u32::try_from(momentum).unwrap()];
        let [means, bases, states] = ["mean", "base", "velocity"].map(|name| chunks(&round[name]));
        let fedavg_next = chunks(&round["fedavg"]);
        let fedavgm_next = chunks(&round["fedavgm"]["next"]);
        let fedavgm_state = chunks(&round["fedavgm"]["state"]);
        for (at, sums) in sums(round).iter().enumerate() {
            let mean = aggregator(0).unwrap().unwrap();
            let aggregate = mean.step(&[], sums, weight).unwrap();
            assert_eq!(aggregate, means[at]);
            let (base, state) = (narrow(bases[at]), narrow(states[at]));

            let fedavg = strategy(0).unwrap().unwrap();
            let step = fedavg.step(&[], &base, &aggregate, &[0; CHUNK_LENGTH]);
            assert_eq!(step.next, narrow(fedavg_next[at]));
            assert_eq!(step.state, [0; CHUNK_LENGTH]);

            let fedavgm = strategy(1).unwrap().unwrap();
            let step = fedavgm.step(&momentum, &base, &aggregate, &state);
            assert_eq!(step.next, narrow(fedavgm_next[at]));
            assert_eq!(step.state, narrow(fedavgm_state[at]));
        }
    }
}

#[test]
fn nothing_follows_from_updates_without_weight() {
    let mean = aggregator(0).unwrap().unwrap();
    assert!(mean.step(&[], &[1; CHUNK_LENGTH], 0).is_none());
}

#[test]
fn known_rules_fit_into_a_dispute_and_custom_ones_are_none() {
    for code in 0..=u8::MAX {
        let (aggregator, strategy) = (aggregator(code), strategy(code));
        if let Ok(Some(strategy)) = strategy {
            assert!(strategy.state_vectors() <= 1);
            assert!(strategy.parameter_count() <= RULE_PARAMETERS);
        }
        assert_eq!(matches!(strategy, Ok(None)), code == CUSTOM_RULE);
        assert_eq!(matches!(aggregator, Ok(None)), code == CUSTOM_RULE);
    }
}

#[test]
fn replay_only_rules_compute_nothing() {
    let mut rules = Rules {
        aggregator: 0,
        strategy: CUSTOM_RULE,
        masking: 0,
        state_vectors: 0,
        provable: false,
        parameters: [0; RULE_PARAMETERS],
    };
    let (sums, values) = ([0; CHUNK_LENGTH], [0; CHUNK_LENGTH]);
    assert!(rules.step(&sums, 1, &values, &values).is_err());
    rules.strategy = 0;
    assert!(rules.step(&sums, 1, &values, &values).is_ok());
}
