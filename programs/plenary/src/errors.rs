use anchor_lang::prelude::*;

/// What the program refuses, one sentence each. Codes follow the order: append, never insert.
#[error_code]
pub enum PlenaryError {
    #[msg("An amount, number or time is too large to compute with.")]
    Overflow,
    #[msg("The instruction would leave an account in a state that must not exist.")]
    InvariantBroken,
    #[msg("An address must not be empty.")]
    AddressMissing,
    #[msg("The maximum number of updates must be from 1 to 4096.")]
    MaxUpdatesOutOfRange,
    #[msg("The maximum weight must be at least 1, and the maximum number of updates times it below 2^26.")]
    WeightLimitExceeded,
    #[msg("The parameter count must be from 1 to 2^26.")]
    ParameterCountOutOfRange,
    #[msg("A parameter of the rules is out of its range, or is not zero though no rule takes it.")]
    RuleParametersOutOfRange,
    #[msg("The strategy keeps no server state, so the state root must be that of the empty tree.")]
    StateNotEmpty,
    #[msg("A duration is zero where it must not be, or above 60 days.")]
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
    #[msg("This federation admits members by approval, so its authority must sign too, or an admission for this owner.")]
    ApprovalMissing,
    #[msg("The federation is paused.")]
    Paused,
    #[msg("The federation is already in this state.")]
    NothingToChange,
    #[msg(
        "Members rely on these terms while a round is open, so wait until it is committed or void."
    )]
    RoundInProgress,
    #[msg("The aggregator cannot be replaced while its bond lies in escrow, so withdraw the bond first.")]
    BondInEscrow,
    #[msg("The account belongs to another federation.")]
    WrongFederation,
    #[msg("The token account or mint is not of the federation's reward mint.")]
    WrongMint,
    #[msg("The account is not the federation's vault.")]
    WrongVault,
    #[msg("The account is not the federation's escrow.")]
    WrongEscrow,
    #[msg("The token account does not belong to whom the tokens are due.")]
    WrongTokenOwner,
    #[msg("The account is not the member's payout account.")]
    WrongPayout,
    #[msg(
        "The vault cannot pay a token account that the federation itself owns, such as the escrow."
    )]
    PayoutIsFederation,
    #[msg("The amount must be above zero.")]
    ZeroAmount,
    #[msg("The vault must keep what is earned, promised and reserved for the open round.")]
    VaultBelowOwed,
    #[msg("The bond is smaller than this amount.")]
    BondTooSmall,
    #[msg("The bond is below the federation's minimum.")]
    BondBelowMinimum,
    #[msg("The bond stays in escrow until every round is final or void.")]
    RoundsNotFinal,
    #[msg("The stake is below the federation's minimum.")]
    StakeBelowMinimum,
    #[msg("The owner is a member already.")]
    AlreadyMember,
    #[msg("The member has asked to leave already.")]
    AlreadyExited,
    #[msg("The member has not asked to leave.")]
    NotExited,
    #[msg("The cooldown after the exit is not over.")]
    CooldownNotOver,
    #[msg("There is no stake to withdraw.")]
    NothingToWithdraw,
    #[msg("The stake must be withdrawn before this.")]
    StakeInEscrow,
    #[msg("The account remembers what was paid, without which rewards could be claimed twice, so it stays.")]
    ClaimsRecorded,
    #[msg("The key was changed while rounds signed with the key before are still open to challenge, so wait until they are final.")]
    KeyRotatedRecently,
    #[msg("Another round is open.")]
    RoundAlreadyOpen,
    #[msg("The round number is not the federation's next.")]
    WrongRoundNumber,
    #[msg("The base is not the last committed model and state.")]
    WrongBase,
    #[msg(
        "The round may collect updates for at least one second and at most the federation's limit."
    )]
    CollectTimeOutOfRange,
    #[msg("Too many committed rounds wait for the end of their challenge window, so finalise the oldest first.")]
    TooManyPendingRounds,
    #[msg("The round is not open.")]
    RoundNotOpen,
    #[msg("The round is not the one that the federation has open.")]
    RoundNotCurrent,
    #[msg("The deadline and the grace after it are over, so the round can only be voided.")]
    CommitTooLate,
    #[msg(
        "The deadline and the grace after it are not over, so the round can still be committed."
    )]
    CommitStillDue,
    #[msg("The update count must be at least 1 and at most the round's maximum.")]
    UpdateCountOutOfRange,
    #[msg("The total weight is above what this many updates can weigh.")]
    TotalWeightOutOfRange,
    #[msg("Cumulative rewards must not fall.")]
    RewardsFell,
    #[msg("The round's rewards are above its budget.")]
    BudgetExceeded,
    #[msg("The rewards tree must be empty exactly if nothing was earned.")]
    RewardsTreeMismatch,
    #[msg("The vault cannot pay the rewards.")]
    VaultTooSmall,
    #[msg("The round is not committed.")]
    RoundNotCommitted,
    #[msg("The challenge window is not over.")]
    ChallengeWindowOpen,
    #[msg("A dispute about the round is open.")]
    DisputeOpen,
    #[msg("Rounds become final in the order in which they were committed.")]
    RoundOutOfOrder,
    #[msg("The round is committed and what it builds on stands, so it cannot be voided.")]
    RoundStands,
    #[msg("The round is final or void already.")]
    RoundSettled,
    #[msg("The round is not final.")]
    RoundNotFinal,
    #[msg("The proof does not lead to the committed root.")]
    BadProof,
    #[msg("Everything that the proof shows was claimed already.")]
    NothingToClaim,
    #[msg("Claims would pass what members have earned in all.")]
    ClaimedAboveEarned,
    #[msg("The round is still needed, as base, for claims or for disputes.")]
    RoundStillNeeded,
    #[msg("The rent goes back to the account that paid it.")]
    WrongRentPayer,
    #[msg("The SlotHashes sysvar holds no entry.")]
    SlotHashMissing,
    #[msg("Rounds in which the member could take part are not final or void yet.")]
    MemberRoundsNotFinal,
    #[msg("The mint takes a fee from transfers, so less would arrive than is sent; choose a mint without a transfer fee.")]
    MintTakesFee,
    #[msg("The mint calls a program at each transfer, which could refuse it; choose a mint without a transfer hook.")]
    MintCallsHook,
    #[msg("The mint has a permanent delegate, who could empty the vault and the escrow; choose a mint without one.")]
    MintHasPermanentDelegate,
    #[msg("The mint's tokens cannot be transferred, so nobody could be paid; choose a mint whose tokens can.")]
    MintNotTransferable,
    #[msg("The mint sets the state in which new accounts begin, which may be frozen; choose a mint without a default account state.")]
    MintFreezesAccounts,
    #[msg("The mint can be paused, which would stop every payment; choose a mint that cannot.")]
    MintCanPause,
    #[msg("The mint can be closed and made anew with other extensions; choose a mint without a close authority.")]
    MintCanClose,
    #[msg("The mint's amounts are confidential, so the program could not count them; choose a mint without confidential minting.")]
    MintHidesAmounts,
    #[msg("The mint has an extension that this program does not know; choose a mint without it.")]
    MintExtensionUnknown,
    #[msg("The account has the layout of another version of the program; one of version 1 must be migrated first (account_migrate).")]
    VersionUnknown,
    #[msg("The challenge window is over.")]
    ChallengeWindowOver,
    #[msg("The program cannot compute a chunk of this round, whose rules are replay-only: check it by replay.")]
    RulesReplayOnly,
    #[msg("The vector has no such chunk.")]
    NoSuchChunk,
    #[msg("Nobody has earned anything, so there is nothing to dispute.")]
    NothingToDispute,
    #[msg("The round builds on the first model, so nobody had earned anything before.")]
    NothingEarnedBefore,
    #[msg("The base round's account is missing.")]
    BaseRoundMissing,
    #[msg("Only the challenger may do this.")]
    NotChallenger,
    #[msg("The dispute is decided already.")]
    DisputeDecided,
    #[msg("The dispute's time is over.")]
    DisputeExpired,
    #[msg("The dispute goes on: something is missing, and neither deadline nor expiry is over.")]
    DisputeUndecided,
    #[msg("The aggregator has been asked and its deadline is not over, so wait for its answer.")]
    DemandPending,
    #[msg("Nothing is demanded of the aggregator.")]
    NothingDemanded,
    #[msg("The dispute lacks nothing that the aggregator could give.")]
    NothingToDemand,
    #[msg("The deadline of the answer is over.")]
    AnswerTooLate,
    #[msg("This is not what was demanded.")]
    WrongAnswer,
    #[msg("The dispute does not take a leaf now.")]
    LeafNotExpected,
    #[msg("The dispute does not take this chunk now.")]
    ChunkNotExpected,
    #[msg("The dispute is about the other tree.")]
    WrongLeafKind,
    #[msg("A dispute of this kind has no such step.")]
    WrongKind,
    #[msg("The member's leaf says what it should say.")]
    LeafAgrees,
    #[msg("The instruction before must be the ed25519 program's with one signature over its own data.")]
    SignatureInstructionMissing,
    #[msg("The signed bytes are not the message that is needed here.")]
    MessageMalformed,
    #[msg("The signed message is about another federation, round, member or sequence.")]
    MessageMismatch,
    #[msg("The message is not signed by the key that had to sign it.")]
    WrongSigner,
    #[msg("The challenger's token account is needed to pay it.")]
    ChallengerTokensMissing,
    #[msg("Only who reported the first envelope may report the second.")]
    NotReporter,
    #[msg("The two envelopes are the same.")]
    EnvelopesAgree,
    #[msg("The member has no stake to take.")]
    NothingToSlash,
    #[msg("The round's audits are drawn already.")]
    AuditAlreadyDrawn,
    #[msg("Aggregator and minimum bond stay as they are while rounds can be disputed, so wait until every round is final or void.")]
    TermsInDispute,
    #[msg("Leaves were folded already, so the dispute stays with its chunk.")]
    ChunkFixed,
    #[msg("The dispute has asked for as many chunks as it takes to find a wrong one.")]
    TooManyProbes,
    #[msg("The admission is over, so ask the authority for a new one.")]
    AdmissionOver,
    #[msg("The program does not know this aggregator, strategy or masking; a custom rule has the code 255.")]
    RuleUnknown,
    #[msg("Rules are provable if the program knows both aggregator and strategy, and else replay-only.")]
    ProvableMismatch,
    #[msg("The strategy does not keep this many state vectors.")]
    StateVectorsMismatch,
    #[msg("Only a Federation or a Round of layout version 1 can be migrated.")]
    NothingToMigrate,
}
