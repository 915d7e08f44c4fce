// biome-ignore-all assist/source/organizeImports: the public surface is listed by purpose.
/**
 * Everything that an organisation needs to take part in a Plenary federation, to found and govern
 * one, and to check one. Start with `openFederation`; to verify as a stranger, start with
 * `openVerifier`.
 */

// Open a federation: the high-level interface of the README.
export {
  type FederationMember,
  type JoinedMember,
  type JoinFederation,
  type OpenFederation,
  openFederation,
} from "./open-federation.ts";
export { type FederationStatus, type MemberStatus, readStatus } from "./status.ts";

// Open the parts that single operations need: the chain alone, service and chain, or all with model
// and data.
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
  readFederationView,
  signerFor,
} from "./access/index.ts";
export {
  type ChainAccess,
  type ChainOptions,
  readRewardDecimals,
  tokenBalance,
} from "./chain-state/index.ts";

// What a user can do about an error, and files and keys.
export type { Remedy } from "./remedy.ts";
export {
  createKeypair,
  createPrivately,
  fileError,
  readBytes,
  readKeypair,
  writeDurably,
} from "./files/index.ts";

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
  importFiles,
  loadDataset,
  loadQuestionnaire,
  matchGroups,
  type ReadAnswersOptions,
  readAnswers,
} from "./answers/index.ts";
export {
  type CreateDataset,
  type CreatedDataset,
  createDataset,
  readQuestions,
} from "./datasets/index.ts";

export {
  answersCsv,
  type FoundQuestion,
  Importer,
  type ImportOptions,
  type ImportProblem,
  type ImportResult,
  type ImportSummary,
  type Mapping,
  questionsJson,
  readMapping,
} from "./importing/index.ts";
export {
  DELIMITER_NAMES,
  DELIMITERS,
  type Delimiter,
  decodeText,
  ENCODINGS,
  type Encoding,
  openTable,
  type Table,
  type TableOptions,
} from "./tables/index.ts";

// Membership: join, be paid, leave.
export {
  announceMember,
  type Claim,
  type ClaimOptions,
  type Closed,
  claimRewards,
  closeMember,
  type Joined,
  type JoinNeeds,
  type JoinNeedsOptions,
  type JoinOptions,
  joinFederation,
  type Left,
  leaveFederation,
  type PayoutSet,
  type RewardProof,
  type Rotated,
  readJoinNeeds,
  readRewardProof,
  requireUpdateKey,
  rotateUpdateKey,
  type StakeRelease,
  setPayout,
  stakeRelease,
  type Withdrawal,
  withdrawStake,
} from "./membership/index.ts";

// Training, and what a member remembers about it.
export {
  type MemberStore,
  type Outcome,
  openMemberStore,
  type RoundRecord,
} from "./member-store/index.ts";
export {
  type Participant,
  type ParticipationEvent,
  participate,
  type TrainedRound,
  type TrainOptions,
} from "./participation/index.ts";

// The model.
export {
  exportModel,
  type GroupPrediction,
  type HeldOut,
  MODEL_FORMATS,
  type ModelFormat,
  type NewText,
  type OptionPrediction,
  type PredictAnswers,
  type Predictions,
  predictAnswers,
  type QuestionPrediction,
  type ReadModel,
  readHeldOut,
  readModel,
  type WhichModel,
} from "./model/index.ts";

// Questions that are added while a federation runs.
export {
  type AddQuestions,
  addQuestions,
  type EmbedOptions,
  type GroupChoice,
  listQuestions,
  type QuestionStanding,
  type QuestionsAdded,
  type QuestionToAdd,
  readNewQuestions,
  type SuggestQuestions,
  type Suggestion,
  signQuestions,
  suggestQuestions,
} from "./questions/index.ts";

// Found a federation.
export {
  type ConfigurationSections,
  type CreatedFederation,
  type CreateFederationOptions,
  type CreateStep,
  checkFounding,
  createFederation,
  type FederationPlan,
  type FoundingCosts,
  foundingCosts,
  type MintTo,
  mintTo,
  type PartyCosts,
  type PlannedFederation,
  planFederation,
  REWARD_DECIMALS,
  requestSol,
} from "./founding/index.ts";

// Govern it: the operations of the authority and of the aggregator.
export {
  type AdmitOwner,
  type AuthorityChange,
  acceptAuthority,
  admitOwner,
  type BondChange,
  type ClosedRounds,
  closeRounds,
  depositBond,
  type Extended,
  extendFederation,
  fundVault,
  type Granted,
  grantTokens,
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
export {
  type FederationWatch,
  type WatchEvent,
  type WatchOptions,
  type WatchStanding,
  watchFederation,
} from "./watching/index.ts";

// Audit how a member trained.
export {
  type AuditBundle,
  type AuditOptions,
  type AuditVerdict,
  auditMember,
  decodeAuditBundle,
  type DrawnUpdate,
  type ExportAudit,
  type ExportedAudit,
  encodeAuditBundle,
  exportAudit,
  type RoundDraw,
  readRoundDraw,
  reportRefusal,
  submitReport,
} from "./auditing/index.ts";

// The service's client, for requests that have no function of their own here.
export {
  type CallOptions,
  createServiceClient,
  type RequestSigner,
  type ServiceClient,
  type ServiceClientOptions,
  type TransferProgress,
  watchEvents,
} from "@plenary/service";
