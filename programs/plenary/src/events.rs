use anchor_lang::prelude::*;

#[event]
pub struct FederationCreated {
    pub federation: Pubkey,
    pub authority: Pubkey,
    pub aggregator: Pubkey,
    pub reward_mint: Pubkey,
    pub configuration_hash: [u8; 32],
    pub model_root: [u8; 32],
}

#[event]
pub struct FederationUpdated {
    pub federation: Pubkey,
    pub aggregator: Pubkey,
    pub configuration_hash: [u8; 32],
}

#[event]
pub struct FederationPaused {
    pub federation: Pubkey,
    pub paused: bool,
}

#[event]
pub struct AccountMigrated {
    pub account: Pubkey,
    /// The layout version that it has now.
    pub version: u8,
}

#[event]
pub struct AuthorityProposed {
    pub federation: Pubkey,
    pub proposed: Pubkey,
}

#[event]
pub struct AuthorityAccepted {
    pub federation: Pubkey,
    pub authority: Pubkey,
}

#[event]
pub struct VaultFunded {
    pub federation: Pubkey,
    pub funder: Pubkey,
    pub amount: u64,
}

#[event]
pub struct VaultWithdrawn {
    pub federation: Pubkey,
    pub amount: u64,
}

#[event]
pub struct BondDeposited {
    pub federation: Pubkey,
    pub amount: u64,
    pub bond: u64,
}

#[event]
pub struct BondWithdrawn {
    pub federation: Pubkey,
    pub amount: u64,
    pub bond: u64,
}

#[event]
pub struct MemberJoined {
    pub federation: Pubkey,
    pub member: Pubkey,
    pub owner: Pubkey,
    pub update_key: Pubkey,
    pub stake: u64,
    pub joined_round: u64,
}

#[event]
pub struct MemberKeyRotated {
    pub federation: Pubkey,
    pub member: Pubkey,
    pub update_key: Pubkey,
    pub since_round: u64,
}

#[event]
pub struct PayoutUpdated {
    pub federation: Pubkey,
    pub member: Pubkey,
    pub payout: Pubkey,
}

#[event]
pub struct MemberExited {
    pub federation: Pubkey,
    pub member: Pubkey,
    pub exit_round: u64,
}

#[event]
pub struct MemberWithdrawn {
    pub federation: Pubkey,
    pub member: Pubkey,
    pub stake: u64,
}

#[event]
pub struct MemberClosed {
    pub federation: Pubkey,
    pub member: Pubkey,
}

#[event]
pub struct RoundOpened {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub number: u64,
    pub base_round: u64,
    pub base_root: [u8; 32],
    pub slot_hash: [u8; 32],
    pub deadline: i64,
}

#[event]
pub struct RoundCommitted {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub number: u64,
    pub next_root: [u8; 32],
    pub updates_root: [u8; 32],
    pub rewards_root: [u8; 32],
    pub manifest_hash: [u8; 32],
    pub challenge_ends_at: i64,
}

#[event]
pub struct RoundFinalized {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub number: u64,
    pub total_earned: u64,
}

#[event]
pub struct RoundVoided {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub number: u64,
    /// The round that the next one builds on.
    pub last_committed_round: u64,
}

#[event]
pub struct RoundClosed {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub number: u64,
}

#[event]
pub struct RewardClaimed {
    pub federation: Pubkey,
    pub member: Pubkey,
    pub round: u64,
    pub amount: u64,
    pub claimed_total: u64,
}

#[event]
pub struct AuditDrawn {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub slot: u64,
    pub slot_hash: [u8; 32],
    pub envelopes_root: [u8; 32],
}

#[event]
pub struct DisputeOpened {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub dispute: Pubkey,
    pub challenger: Pubkey,
    pub kind: u8,
    pub index: u32,
    pub deposit: u64,
}

#[event]
pub struct DisputeDemanded {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub dispute: Pubkey,
    pub deadline: i64,
}

#[event]
pub struct DisputeAnswered {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub dispute: Pubkey,
}

#[event]
pub struct DisputeResolved {
    pub federation: Pubkey,
    pub round: Pubkey,
    pub dispute: Pubkey,
    pub challenger: Pubkey,
    /// 0: the aggregator was wrong, and the round is void. 1: the challenger was wrong, or stopped.
    /// 2: the round was void before the dispute was decided.
    pub verdict: u8,
    /// The fault that was found; 0 unless the aggregator was wrong.
    pub fault: u8,
    /// The challenger's part of the bond. Its deposit is returned in addition.
    pub reward: u64,
    pub to_vault: u64,
}

#[event]
pub struct MemberSlashed {
    pub federation: Pubkey,
    pub member: Pubkey,
    pub round: u64,
    pub sequence: u64,
    pub reporter: Pubkey,
    /// The reporter's part of the stake.
    pub reward: u64,
    pub to_vault: u64,
}
