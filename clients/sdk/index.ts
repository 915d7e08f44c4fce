export {
  type AnswersFormat,
  type AnswersProblem,
  type CheckedAnswers,
  checkAnswers,
  checkAnswersFile,
  formatOf,
  readAnswers,
} from "./answers-file.ts";
export type { TransferProgress } from "./blob-download.ts";
export { DATASETS, type Dataset, dealGroups, type GroupSplit, loadDataset } from "./dataset.ts";
export { watchEvents } from "./events.ts";
export { createKeypair, readKeypair } from "./keypair-file.ts";
export { type MemberStore, type Outcome, openMemberStore, type RoundRecord } from "./member-store/index.ts";
export {
  type CallOptions,
  createServiceClient,
  type ServiceClient,
  type ServiceClientOptions,
} from "./service-client.ts";
