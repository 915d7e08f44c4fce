use anchor_lang::prelude::*;

/// Integers in one chunk of a vector: one leaf of its tree.
pub const CHUNK_LENGTH: usize = 64;
/// Levels of the updates tree's frontier: enough for `MAX_UPDATES` = 2^12 leaves.
pub const FRONTIER_LEVELS: usize = 13;

/// One challenge of one chunk of one round. Zero-copy, because a step touches it at every one of a few hundred transactions.
/// Roots, counts and weights are copied from the round, so that a step needs only the dispute and a signer.
#[account(zero_copy)]

pub struct Dispute {
    pub version: u8,
    pub bump: u8,
    pub kind: u8,
    pub status: u8,
    pub strategy: u8,
    /// Bits: base chunk received, state chunk before, next chunk, state chunk after.
    pub received: u8,
    /// Whether the leaf that was fed last still waits for its delta chunk.
    pub leaf_pending: u8,
    /// What the committed values were found to have wrong; decides once the root has matched.
    pub fault: u8,
    pub momentum: u16,
    pub padding: [u8; 6],
    pub chunk_index: u32,
    pub next_update: u32,
    pub update_count: u32,
    pub parameter_count: u32,
    pub chunks_received: u32,
    pub max_weight: u32,
    pub total_weight: u64,
    pub weight_sum: u64,
    pub pending_weight: u64,
    pub deposit: u64,
    pub opened_at: i64,
    /// Unix seconds; 0 while nothing is demanded.
    pub demand_deadline: i64,
    pub expires_at: i64,
    pub round: Pubkey,
    pub challenger: Pubkey,
    pub previous_member: Pubkey,
    pub pending_delta_root: [u8; 32],
    pub updates_root: [u8; 32],
    pub base_root: [u8; 32],
    pub base_state_root: [u8; 32],
    pub next_root: [u8; 32],
    pub next_state_root: [u8; 32],
    pub frontier: [[u8; 32]; FRONTIER_LEVELS],
    pub sums: [i64; CHUNK_LENGTH],
    pub base: [i32; CHUNK_LENGTH],
    pub base_state: [i32; CHUNK_LENGTH],
    pub next: [i32; CHUNK_LENGTH],
    pub next_state: [i32; CHUNK_LENGTH],
}

impl Dispute {
    pub const SEED: &'static [u8] = b"dispute";
    pub const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_has_no_hidden_padding_and_starts_with_its_version() {
        assert_eq!(std::mem::offset_of!(Dispute, version), 0);
        assert_eq!(std::mem::size_of::<Dispute>(), 2336);
    }
}
