export {
  type AnswersFormat,
  type AnswersProblem,
  type CheckedAnswers,
  checkAnswers,
  checkAnswersFile,
  formatOf,
  readAnswers,
} from "./answers-file.ts";
export * from "./auditing/index.ts";
export type { TransferProgress } from "./blob-download.ts";
export { type Claim, type ClaimOptions, claimRewards, type RewardProof, readRewardProof } from "./claim.ts";
export { DATASETS, type Dataset, dealGroups, type GroupSplit, loadDataset } from "./dataset.ts";
export * from "./disputes/index.ts";
export { watchEvents } from "./events.ts";
export {
  type FederationMember,
  type JoinedMember,
  type JoinFederation,
  type OpenFederation,
  openFederation,
} from "./federation.ts";
export type { ChainOptions, OnChain } from "./federation-account.ts";
export {
  type FederationPlan,
  type PlannedFederation,
  planFederation,
} from "./federation-configuration.ts";
export {
  type CreatedFederation,
  type CreateFederationOptions,
  type CreateStep,
  createFederation,
} from "./federation-create.ts";
export { fileError, readBytes } from "./files.ts";
export * from "./governance/index.ts";
export { type Joined, type JoinOptions, joinFederation } from "./join.ts";
export { createKeypair, readKeypair } from "./keypair-file.ts";
export { type MemberStore, type Outcome, openMemberStore, type RoundRecord } from "./member-store/index.ts";
export * from "./membership/index.ts";
export { exportModel, MODEL_FORMATS, type ModelFormat, readModel } from "./model.ts";
export {
  connectTo,
  type FederationAccess,
  type FederationContext,
  type OpenFederationOptions,
  openAccess,
  publicKey,
} from "./open-federation.ts";
export { participate } from "./participate.ts";
export type { Participant, TrainOptions } from "./participation.ts";
export type { ParticipationEvent, TrainedRound } from "./participation-events.ts";
export {
  type GroupPrediction,
  type NewText,
  type PredictAnswers,
  predictAnswers,
  type QuestionPrediction,
} from "./predict.ts";
export { type RequestSigner, signerFor } from "./request-signer.ts";
export { type MintTo, mintTo, requestSol } from "./reward-mint.ts";
export { tokenBalance } from "./reward-tokens.ts";
export {
  type CallOptions,
  createServiceClient,
  type ServiceClient,
  type ServiceClientOptions,
} from "./service-client.ts";
export { type FederationStatus, type MemberStatus, readStatus } from "./status.ts";
export * from "./verification/index.ts";
export * from "./watching/index.ts";
