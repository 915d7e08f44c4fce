use anchor_lang::prelude::*;

/// Why the program refuses an instruction. A code is a variant's position: append, never insert.
#[error_code]
pub enum PlenaryError {
    #[msg("An amount, number or time is too large to compute with.")]
    Overflow,
    #[msg("The instruction would leave an account in an impossible state.")]
    InvariantBroken,
    #[msg("The default address is not allowed here.")]
    AddressMissing,
    #[msg("The maximum number of updates must be from 1 to 4096.")]
    MaxUpdatesOutOfRange,
    #[msg("The maximum weight must be at least 1, and its product with the maximum number of updates below 2^26.")]
    WeightLimitExceeded,
    #[msg("The parameter count must be from 1 to 2^26.")]
    ParameterCountOutOfRange,
    #[msg("A parameter of the rules is out of range, or is not zero although no rule takes it.")]
    RuleParametersOutOfRange,
    #[msg("This strategy keeps no server state, so the state root must be the root of the empty tree.")]
    StateNotEmpty,
    #[msg("A duration is zero where it must be positive, or longer than 60 days.")]
    DurationOutOfRange,
    #[msg("The exit cooldown must be at least as long as the challenge window.")]
    CooldownTooShort,
    #[msg("Only the federation's authority may do this.")]
    NotAuthority,
    #[msg("Only the proposed authority may accept the authority.")]
    NotProposedAuthority,
    #[msg("Only the federation's aggregator may do this.")]
    NotAggregator,
    #[msg("Only the member's owner may do this.")]
    NotOwner,
    #[msg("This federation admits members by approval: its authority must sign this transaction or an admission for this owner.")]
    ApprovalMissing,
    #[msg("The federation is paused.")]
    Paused,
    #[msg("The federation is already paused, or already running.")]
    NothingToChange,
    #[msg(
        "Members rely on these terms while a round is open; wait until it is committed or void."
    )]
    RoundInProgress,
    #[msg(
        "The aggregator cannot be replaced while its bond is in escrow; withdraw the bond first."
    )]
    BondInEscrow,
    #[msg("The account belongs to another federation.")]
    WrongFederation,
    #[msg("The mint, or the token account's mint, is not the federation's reward mint.")]
    WrongMint,
    #[msg("The account is not the federation's vault.")]
    WrongVault,
    #[msg("The account is not the federation's escrow.")]
    WrongEscrow,
    #[msg("The token account does not belong to the recipient of the tokens.")]
    WrongTokenOwner,
    #[msg("The account is not the member's payout account.")]
    WrongPayout,
    #[msg(
        "The vault cannot pay a token account that the federation itself owns, such as the escrow."
    )]
    PayoutIsFederation,
    #[msg("The amount must be above zero.")]
    ZeroAmount,
    #[msg(
        "The vault must keep the rewards that are earned or promised, and the open round's budget."
    )]
    VaultBelowOwed,
    #[msg("The bond is smaller than this amount.")]
    BondTooSmall,
    #[msg("The bond is below the federation's minimum.")]
    BondBelowMinimum,
    #[msg("The bond stays in escrow until every round is final or void.")]
    RoundsNotFinal,
    #[msg("The stake is below the federation's minimum.")]
    StakeBelowMinimum,
    #[msg("This owner is a member already.")]
    AlreadyMember,
    #[msg("The member has already asked to leave.")]
    AlreadyExited,
    #[msg("The member has not asked to leave.")]
    NotExited,
    #[msg("The cooldown after the member's exit is not over.")]
    CooldownNotOver,
    #[msg("There is no stake to withdraw.")]
    NothingToWithdraw,
    #[msg("The member's stake must be withdrawn first.")]
    StakeInEscrow,
    #[msg("The account records what the member was paid, so that it cannot claim twice; it cannot be closed.")]
    ClaimsRecorded,
    #[msg(
        "Rounds signed with the previous key can still be challenged; wait until they are final."
    )]
    KeyRotatedRecently,
    #[msg("Another round is open.")]
    RoundAlreadyOpen,
    #[msg("The number is not that of the federation's next round, or the dispute is about another round.")]
    WrongRoundNumber,
    #[msg("The base is not the last committed model and state, or the account is not the base round's.")]
    WrongBase,
    #[msg(
        "The round may collect updates for at least one second and at most the federation's limit."
    )]
    CollectTimeOutOfRange,
    #[msg("Too many committed rounds await the end of their challenge windows; finalise the oldest first.")]
    TooManyPendingRounds,
    #[msg("The round is not open.")]
    RoundNotOpen,
    #[msg("The federation has another round open, or none.")]
    RoundNotCurrent,
    #[msg("The deadline and the grace period are over; the round can only be voided.")]
    CommitTooLate,
    #[msg("The deadline and the grace period are not over; the round can still be committed.")]
    CommitStillDue,
    #[msg("The update count must be at least 1 and at most the round's maximum.")]
    UpdateCountOutOfRange,
    #[msg("The total weight is 0, or more than this many updates can weigh.")]
    TotalWeightOutOfRange,
    #[msg("Cumulative rewards must not fall.")]
    RewardsFell,
    #[msg("The round's rewards are above its budget.")]
    BudgetExceeded,
    #[msg("The rewards tree must be empty if nothing was earned, and only then.")]
    RewardsTreeMismatch,
    #[msg("The vault cannot pay the rewards.")]
    VaultTooSmall,
    #[msg("The round is not committed.")]
    RoundNotCommitted,
    #[msg("The challenge window is not over.")]
    ChallengeWindowOpen,
    #[msg("A dispute about the round is open.")]
    DisputeOpen,
    #[msg("Rounds are finalised in the order in which they were committed.")]
    RoundOutOfOrder,
    #[msg("The round is committed and builds on a valid round, so it cannot be voided.")]
    RoundStands,
    #[msg("The round is already final or void.")]
    RoundSettled,
    #[msg("The round is not final.")]
    RoundNotFinal,
    #[msg("The proof does not lead to the committed root.")]
    BadProof,
    #[msg("The amount that the proof shows has already been claimed.")]
    NothingToClaim,
    #[msg("Claims would exceed what members have earned in total.")]
    ClaimedAboveEarned,
    #[msg("The round is still needed: as a base, for claims, or for disputes.")]
    RoundStillNeeded,
    #[msg("The rent must go back to the account that paid it.")]
    WrongRentPayer,
    #[msg("The SlotHashes sysvar is empty.")]
    SlotHashMissing,
    #[msg("Some rounds in which the member could take part are neither final nor void.")]
    MemberRoundsNotFinal,
    #[msg("The mint takes a fee from transfers, so less arrives than is sent; choose a mint without a transfer fee.")]
    MintTakesFee,
    #[msg("The mint calls a program at each transfer, which could refuse it; choose a mint without a transfer hook.")]
    MintCallsHook,
    #[msg("The mint has a permanent delegate, which could empty the vault and the escrow; choose a mint without one.")]
    MintHasPermanentDelegate,
    #[msg("The mint's tokens cannot be transferred, so nobody could be paid; choose a mint with transferable tokens.")]
    MintNotTransferable,
    #[msg("The mint may create new token accounts frozen; choose a mint without a default account state.")]
    MintFreezesAccounts,
    #[msg("The mint can be paused, which would stop every payment; choose a mint that cannot be paused.")]
    MintCanPause,
    #[msg("The mint can be closed and created again with other extensions; choose a mint without a close authority.")]
    MintCanClose,
    #[msg("The mint hides amounts, so the program cannot count them; choose a mint without confidential minting.")]
    MintHidesAmounts,
    #[msg(
        "The mint has an extension that this program does not support; choose a mint without it."
    )]
    MintExtensionUnknown,
    #[msg("The account has another layout version; migrate an account of version 1 with account_migrate first.")]
    VersionUnknown,
    #[msg("The challenge window is over.")]
    ChallengeWindowOver,
    #[msg("The round's rules are replay-only: the program cannot judge a chunk of it; check the round by replay.")]
    RulesReplayOnly,
    #[msg("The vector has no such chunk.")]
    NoSuchChunk,
    #[msg("Nobody has earned rewards, so there is nothing to dispute.")]
    NothingToDispute,
    #[msg("The round builds on the first model, so nobody had earned rewards before it.")]
    NothingEarnedBefore,
    #[msg("The base round's account is missing.")]
    BaseRoundMissing,
    #[msg("Only the challenger may do this.")]
    NotChallenger,
    #[msg("The dispute is already decided.")]
    DisputeDecided,
    #[msg("The dispute has expired.")]
    DisputeExpired,
    #[msg("The dispute is undecided: something is missing, and there is still time to supply it.")]
    DisputeUndecided,
    #[msg("The aggregator has until its deadline to answer the demand; wait for its answer.")]
    DemandPending,
    #[msg("Nothing is demanded of the aggregator.")]
    NothingDemanded,
    #[msg("The dispute lacks nothing that the aggregator could supply.")]
    NothingToDemand,
    #[msg("The deadline for the answer is over.")]
    AnswerTooLate,
    #[msg("This is not what was demanded.")]
    WrongAnswer,
    #[msg("The dispute does not need a leaf at this point.")]
    LeafNotExpected,
    #[msg("The dispute does not need this chunk at this point.")]
    ChunkNotExpected,
    #[msg("The leaf belongs to the other tree.")]
    WrongLeafKind,
    #[msg("A dispute of this kind does not have this step.")]
    WrongKind,
    #[msg("The member's leaf agrees with the receipt or the earlier reward.")]
    LeafAgrees,
    #[msg("The preceding instruction must be the ed25519 program's, with one signature over its own data.")]
    SignatureInstructionMissing,
    #[msg("The signed bytes are not the kind of message that is needed here.")]
    MessageMalformed,
    #[msg("The signed message is about another federation, round, member or sequence.")]
    MessageMismatch,
    #[msg("The message is signed with another key than the one required.")]
    WrongSigner,
    #[msg("The challenger's token account is missing, so it cannot be paid.")]
    ChallengerTokensMissing,
    #[msg("Only the reporter of the first envelope may report the second.")]
    NotReporter,
    #[msg("The two envelopes are the same.")]
    EnvelopesAgree,
    #[msg("The member has no stake that could be slashed.")]
    NothingToSlash,
    #[msg("The round's audits have already been drawn.")]
    AuditAlreadyDrawn,
    #[msg("The aggregator and the minimum bond cannot change while rounds can be disputed; wait until every round is final or void.")]
    TermsInDispute,
    #[msg("Leaves have been folded, so the dispute cannot move to another chunk.")]
    ChunkFixed,
    #[msg("The dispute has already asked for as many chunks as a search needs.")]
    TooManyProbes,
    #[msg("The admission has expired; ask the authority for a new one.")]
    AdmissionOver,
    #[msg("The program does not know this aggregator, strategy or masking; use code 255 for a custom rule.")]
    RuleUnknown,
    #[msg("Rules must be stated as provable exactly if the program knows both the aggregator and the strategy.")]
    ProvableMismatch,
    #[msg("The strategy keeps another number of state vectors.")]
    StateVectorsMismatch,
    #[msg("Only a Federation or a Round of layout version 1 can be migrated.")]
    NothingToMigrate,
}
