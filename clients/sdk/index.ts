/**
 * What an organisation needs to take part in a Plenary federation, to found and govern one, and to
 * check what it did. Start with `openFederation`; a stranger who only verifies starts with
 * `openVerifier`.
 */

// The service's client, for what has no function of its own here.
export {
  type CallOptions,
  createServiceClient,
  type RequestSigner,
  type ServiceClient,
  type ServiceClientOptions,
  type TransferProgress,
  watchEvents,
} from "@plenary/service";
// Open the parts that single operations need: chain alone, service and chain, with model and data.
export {
  type ChainContext,
  connectTo,
  type FederationAccess,
  type FederationContext,
  type OpenChainOptions,
  type OpenFederationOptions,
  openAccess,
  openChainContext,
  publicKey,
  signerFor,
} from "./access/index.ts";
// An organisation's answers, and the surveys that ship.
export {
  type AnswersFormat,
  type AnswersProblem,
  type CheckedAnswers,
  checkAnswers,
  checkAnswersFile,
  DATASETS,
  type Dataset,
  dealGroups,
  formatOf,
  type GroupSplit,
  loadDataset,
  readAnswers,
} from "./answers/index.ts";
// Audit how a member trained.
export {
  type AuditBundle,
  type AuditOptions,
  type AuditVerdict,
  auditMember,
  decodeAuditBundle,
  type ExportAudit,
  type ExportedAudit,
  encodeAuditBundle,
  exportAudit,
  type RoundDraw,
  readRoundDraw,
  reportRefusal,
  submitReport,
} from "./auditing/index.ts";
export { type ChainAccess, type ChainOptions, tokenBalance } from "./chain-state/index.ts";
export {
  checkOmissionProof,
  type DisputeCosts,
  type DisputeEvent,
  type DisputeFinding,
  type DisputeOptions,
  type DisputeOutcome,
  disputeFinding,
  type EquivocationReport,
  omissionOf,
  readReceipt,
  reportEquivocation,
  type SubmitOmission,
  submitOmission,
} from "./disputes/index.ts";
// Keys and files.
export {
  createKeypair,
  createPrivately,
  fileError,
  readBytes,
  readKeypair,
  writeDurably,
} from "./files/index.ts";
// Found a federation.
export {
  type CreatedFederation,
  type CreateFederationOptions,
  type CreateStep,
  createFederation,
  type FederationPlan,
  type MintTo,
  mintTo,
  type PlannedFederation,
  planFederation,
  requestSol,
} from "./founding/index.ts";
// Govern it: the authority's and the aggregator's operations.
export {
  type AdmitOwner,
  type AuthorityChange,
  acceptAuthority,
  admitOwner,
  type BondChange,
  type ClosedRounds,
  closeRounds,
  depositBond,
  fundVault,
  type Paused,
  pauseFederation,
  proposeAuthority,
  resumeFederation,
  setServicePaused,
  type TermsChange,
  type TermsUpdated,
  updateTerms,
  type VaultChange,
  withdrawBond,
  withdrawVault,
} from "./governance/index.ts";
// Training, and what a member remembers of it.
export {
  type MemberStore,
  type Outcome,
  openMemberStore,
  type RoundRecord,
} from "./member-store/index.ts";
// Membership: join, be paid, leave.
export {
  announceMember,
  type Claim,
  type ClaimOptions,
  type Closed,
  claimRewards,
  closeMember,
  type Joined,
  type JoinOptions,
  joinFederation,
  type Left,
  leaveFederation,
  type PayoutSet,
  type RewardProof,
  type Rotated,
  readRewardProof,
  requireUpdateKey,
  rotateUpdateKey,
  type StakeRelease,
  setPayout,
  stakeRelease,
  type Withdrawal,
  withdrawStake,
} from "./membership/index.ts";
// The model.
export {
  exportModel,
  type GroupPrediction,
  MODEL_FORMATS,
  type ModelFormat,
  type NewText,
  type PredictAnswers,
  predictAnswers,
  type QuestionPrediction,
  readModel,
} from "./model/index.ts";
// Open a federation: the high-level interface of the README.
export {
  type FederationMember,
  type JoinedMember,
  type JoinFederation,
  type OpenFederation,
  openFederation,
} from "./open-federation.ts";
export {
  type Participant,
  type ParticipationEvent,
  participate,
  type TrainedRound,
  type TrainOptions,
} from "./participation/index.ts";
export type { Remedy } from "./remedy.ts";
export { type FederationStatus, type MemberStatus, readStatus } from "./status.ts";
// Check a round, once or for as long as a watch runs, and dispute what is wrong.
export {
  type BlobSource,
  type Comparison,
  type OpenVerifierOptions,
  type OwnUpdate,
  openBlobSource,
  openVerifier,
  type RoundVerification,
  type VerificationProgress,
  type Verifier,
  type VerifyOptions,
  verifyRound,
} from "./verification/index.ts";
export {
  type FederationWatch,
  type WatchEvent,
  type WatchOptions,
  type WatchStanding,
  watchFederation,
} from "./watching/index.ts";
