use anchor_lang::AccountDeserialize;

/// An account as the vectors keep its bytes. Every field that can be set is not zero.
pub fn golden<T: AccountDeserialize>(kind: &str) -> T {
    T::try_deserialize(&mut golden_bytes(kind, 2).as_slice()).unwrap()
}

pub fn golden_bytes(kind: &str, version: u8) -> Vec<u8> {
    let path = format!(
        "{}/../../test/vectors/accounts/{kind}-v{version}.bin",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(path).unwrap()
}
