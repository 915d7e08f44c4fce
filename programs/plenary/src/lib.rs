//! Plenary on chain: what a federation's rounds are computed from, and the pay that follows.

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod merkle;
pub mod messages;
mod reward_mint;
pub mod rules;
#[cfg(not(feature = "no-entrypoint"))]
mod security;
pub mod state;
mod token;
#[cfg(test)]
mod vectors;

use instructions::*;
use merkle::{Hash, RewardLeaf, UpdateLeaf};
use state::{Answer, Chunk, DisputeSubject, LeafProof, RoundResult, Terms, TreeLeaf, Vector};

declare_id!("P1ed6MNumh36GF5xS9MEZWqoxrcnc74Lc6e8sVJMtws");

#[program]
pub mod plenary {
    use super::*;

    /// Creates a federation with its vault and escrow; the signer is its authority.
    #[access_control(FederationCreate::validate(&args))]
    pub fn federation_create(
        ctx: Context<FederationCreate>,
        args: FederationCreateArgs,
    ) -> Result<()> {
        FederationCreate::federation_create(ctx, args)
    }

    /// Changes the terms between rounds.
    #[access_control(ctx.accounts.validate(&terms))]
    pub fn federation_update(ctx: Context<FederationUpdate>, terms: Terms) -> Result<()> {
        FederationUpdate::federation_update(ctx, terms)
    }

    /// Stops new rounds and new members, or allows them again. Claims, withdrawals and disputes are
    /// never stopped.
    #[access_control(ctx.accounts.validate(paused))]
    pub fn federation_pause(ctx: Context<FederationPause>, paused: bool) -> Result<()> {
        FederationPause::federation_pause(ctx, paused)
    }

    /// Offers the authority to another key. The default address withdraws the offer.
    pub fn authority_propose(ctx: Context<AuthorityPropose>, proposed: Pubkey) -> Result<()> {
        AuthorityPropose::authority_propose(ctx, proposed)
    }

    /// Accepts the authority that was offered.
    pub fn authority_accept(ctx: Context<AuthorityAccept>) -> Result<()> {
        AuthorityAccept::authority_accept(ctx)
    }

    /// Adds rewards to the vault. Anyone may do this.
    #[access_control(VaultFund::validate(amount))]
    pub fn vault_fund(ctx: Context<VaultFund>, amount: u64) -> Result<()> {
        VaultFund::vault_fund(ctx, amount)
    }

    /// Withdraws from the vault what it does not owe: rewards, or the open round's budget.
    #[access_control(ctx.accounts.validate(amount))]
    pub fn vault_withdraw(ctx: Context<VaultWithdraw>, amount: u64) -> Result<()> {
        VaultWithdraw::vault_withdraw(ctx, amount)
    }

    /// Adds to the aggregator's bond.
    #[access_control(BondDeposit::validate(amount))]
    pub fn bond_deposit(ctx: Context<BondDeposit>, amount: u64) -> Result<()> {
        BondDeposit::bond_deposit(ctx, amount)
    }

    /// Returns bond to the aggregator, while every round is final or void.
    #[access_control(ctx.accounts.validate(amount))]
    pub fn bond_withdraw(ctx: Context<BondWithdraw>, amount: u64) -> Result<()> {
        BondWithdraw::bond_withdraw(ctx, amount)
    }

    /// Joins a federation with a stake, for the first time or again after leaving.
    #[access_control(ctx.accounts.validate(&args))]
    pub fn member_join(ctx: Context<MemberJoin>, args: MemberJoinArgs) -> Result<()> {
        MemberJoin::member_join(ctx, args)
    }

    /// Replaces the key that signs updates, from the next round on.
    pub fn member_rotate_key(ctx: Context<MemberRotateKey>, update_key: Pubkey) -> Result<()> {
        MemberRotateKey::member_rotate_key(ctx, update_key)
    }

    /// Changes the token account to which rewards are paid.
    #[access_control(ctx.accounts.validate())]
    pub fn payout_update(ctx: Context<PayoutUpdate>) -> Result<()> {
        PayoutUpdate::payout_update(ctx)
    }

    /// Leaves the federation from the next round on. The stake stays in escrow for the cooldown.
    pub fn member_exit(ctx: Context<MemberExit>) -> Result<()> {
        MemberExit::member_exit(ctx)
    }

    /// Returns the stake once the cooldown is over.
    pub fn member_withdraw(ctx: Context<MemberWithdraw>) -> Result<()> {
        MemberWithdraw::member_withdraw(ctx)
    }

    /// Closes the account of a member that left and was never paid.
    #[access_control(ctx.accounts.validate())]
    pub fn member_close(ctx: Context<MemberClose>) -> Result<()> {
        MemberClose::member_close(ctx)
    }

    /// Opens the next round on the last committed model.
    #[access_control(ctx.accounts.validate(&args))]
    pub fn round_open(ctx: Context<RoundOpen>, args: RoundOpenArgs) -> Result<()> {
        RoundOpen::round_open(ctx, args)
    }

    /// Commits the open round's result.
    #[access_control(ctx.accounts.validate(&result))]
    pub fn round_commit(ctx: Context<RoundCommit>, result: RoundResult) -> Result<()> {
        RoundCommit::round_commit(ctx, result)
    }

    /// Makes the oldest committed round final, after its challenge window.
    pub fn round_finalize(ctx: Context<RoundFinalize>) -> Result<()> {
        RoundFinalize::round_finalize(ctx)
    }

    /// Voids a round that was not committed in time, or that builds on a void one.
    pub fn round_void(ctx: Context<RoundVoid>) -> Result<()> {
        RoundVoid::round_void(ctx)
    }

    /// Closes a round that is no longer needed.
    #[access_control(ctx.accounts.validate())]
    pub fn round_close(ctx: Context<RoundClose>) -> Result<()> {
        RoundClose::round_close(ctx)
    }

    /// Pays a member what it has earned up to a final round and not claimed. Anyone may send it.
    #[access_control(ctx.accounts.validate(cumulative, index, &path))]
    pub fn reward_claim(
        ctx: Context<RewardClaim>,
        cumulative: u64,
        index: u32,
        path: Vec<[u8; 32]>,
    ) -> Result<()> {
        RewardClaim::reward_claim(ctx, cumulative)
    }

    /// Draws the hash that decides which updates of the open round are audited, once uploads have
    /// closed.
    pub fn audit_draw(ctx: Context<AuditDraw>, envelopes_root: Hash) -> Result<()> {
        AuditDraw::audit_draw(ctx, envelopes_root)
    }

    /// Challenges one thing in a committed round, with a deposit.
    pub fn dispute_open(ctx: Context<DisputeOpen>, subject: DisputeSubject) -> Result<()> {
        DisputeOpen::dispute_open(ctx, subject)
    }

    /// Folds the next update's leaf into a dispute about a chunk, with the update's chunk if the
    /// transaction has room for it.
    pub fn dispute_leaf(
        ctx: Context<DisputeLeaf>,
        leaf: UpdateLeaf,
        chunk: Option<Chunk>,
    ) -> Result<()> {
        DisputeLeaf::dispute_leaf(ctx, leaf, chunk)
    }

    /// Submits the disputed chunk of a vector.
    pub fn dispute_chunk(ctx: Context<DisputeChunk>, vector: Vector, chunk: Chunk) -> Result<()> {
        DisputeChunk::dispute_chunk(ctx, vector, chunk)
    }

    /// Folds the next leaves of the rewards tree into a dispute about their total.
    pub fn dispute_rewards(ctx: Context<DisputeRewards>, leaves: Vec<RewardLeaf>) -> Result<()> {
        DisputeRewards::dispute_rewards(ctx, leaves)
    }

    /// Shows a leaf that bounds the position of the omitted or underpaid member's leaf, or is that
    /// leaf.
    pub fn dispute_narrow(
        ctx: Context<DisputeNarrow>,
        index: u32,
        leaf: TreeLeaf,
        path: Vec<Hash>,
    ) -> Result<()> {
        DisputeNarrow::dispute_narrow(ctx, index, leaf, path)
    }

    /// Demands from the aggregator the leaf or chunk that the dispute needs next.
    pub fn dispute_demand(ctx: Context<DisputeDemand>, pending: Option<LeafProof>) -> Result<()> {
        DisputeDemand::dispute_demand(ctx, pending)
    }

    /// Demands a chunk of the aggregator's result, before any leaf is folded. The dispute is then
    /// about that chunk.
    pub fn dispute_probe(ctx: Context<DisputeProbe>, vector: Vector, index: u32) -> Result<()> {
        DisputeProbe::dispute_probe(ctx, vector, index)
    }

    /// Submits the demanded leaf or chunk. Anyone may do this.
    pub fn dispute_answer(ctx: Context<DisputeAnswer>, answer: Answer) -> Result<()> {
        DisputeAnswer::dispute_answer(ctx, answer)
    }

    /// Shows the envelope of a leaf, signed by the leaf's member. Anyone may do this.
    pub fn dispute_envelope(ctx: Context<DisputeEnvelope>, leaf: UpdateLeaf) -> Result<()> {
        DisputeEnvelope::dispute_envelope(ctx, leaf)
    }

    /// Ends a dispute that is decided, complete, unanswered, expired or moot. Anyone may do this.
    pub fn dispute_resolve(ctx: Context<DisputeResolve>) -> Result<()> {
        DisputeResolve::dispute_resolve(ctx)
    }

    /// Gives a Federation or Round of layout version 1 the present layout. Anyone may do this.
    pub fn account_migrate(ctx: Context<AccountMigrate>) -> Result<()> {
        AccountMigrate::account_migrate(ctx)
    }

    /// Records an envelope that a member signed: the first half of a proof that it signed two.
    pub fn equivocation_open(
        ctx: Context<EquivocationOpen>,
        round: u64,
        sequence: u64,
    ) -> Result<()> {
        EquivocationOpen::equivocation_open(ctx, round, sequence)
    }

    /// Slashes the stake of a member that signed another envelope with the same sequence.
    pub fn member_equivocation(ctx: Context<MemberEquivocation>) -> Result<()> {
        MemberEquivocation::member_equivocation(ctx)
    }
}
