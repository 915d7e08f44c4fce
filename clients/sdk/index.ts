export type { TransferProgress } from "@plenary/service";
export {
  type CallOptions,
  createServiceClient,
  type RequestSigner,
  type ServiceClient,
  type ServiceClientOptions,
  watchEvents,
} from "@plenary/service";
export {
  connectTo,
  type FederationAccess,
  type FederationContext,
  type OpenFederationOptions,
  openAccess,
  publicKey,
} from "./access/federation-access.ts";
export { signerFor } from "./access/request-signer.ts";
export {
  type AnswersFormat,
  type AnswersProblem,
  type CheckedAnswers,
  checkAnswers,
  checkAnswersFile,
  formatOf,
  readAnswers,
} from "./answers/answers-file.ts";
export {
  DATASETS,
  type Dataset,
  dealGroups,
  type GroupSplit,
  loadDataset,
} from "./answers/dataset.ts";
export * from "./auditing/index.ts";
export type { ChainOptions, OnChain } from "./chain-state/federation-account.ts";
export { tokenBalance } from "./chain-state/reward-tokens.ts";
export * from "./disputes/index.ts";
export { fileError, readBytes } from "./files/files.ts";
export { createKeypair, readKeypair } from "./files/keypair-file.ts";
export {
  type CreatedFederation,
  type CreateFederationOptions,
  type CreateStep,
  createFederation,
} from "./founding/create-federation.ts";
export {
  type FederationPlan,
  type PlannedFederation,
  planFederation,
} from "./founding/plan-federation.ts";
export { type MintTo, mintTo, requestSol } from "./founding/reward-mint.ts";
export * from "./governance/index.ts";
export {
  type MemberStore,
  type Outcome,
  openMemberStore,
  type RoundRecord,
} from "./member-store/index.ts";
export {
  type Claim,
  type ClaimOptions,
  claimRewards,
  type RewardProof,
  readRewardProof,
} from "./membership/claim.ts";
export * from "./membership/index.ts";
export { type Joined, type JoinOptions, joinFederation } from "./membership/join.ts";
export {
  type GroupPrediction,
  type NewText,
  type PredictAnswers,
  predictAnswers,
  type QuestionPrediction,
} from "./model/predict.ts";
export { exportModel, MODEL_FORMATS, type ModelFormat, readModel } from "./model/read-model.ts";
export {
  type FederationMember,
  type JoinedMember,
  type JoinFederation,
  type OpenFederation,
  openFederation,
} from "./open-federation.ts";
export { participate } from "./participation/participate.ts";
export type { Participant, TrainOptions } from "./participation/participation.ts";
export type { ParticipationEvent, TrainedRound } from "./participation/participation-events.ts";
export { type FederationStatus, type MemberStatus, readStatus } from "./status.ts";
export * from "./verification/index.ts";
export * from "./watching/index.ts";
