//! The test vectors that other implementations read, too.

use serde_json::Value;

pub fn vectors(name: &str) -> Value {
    let path = format!(
        "{}/../../test/vectors/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
