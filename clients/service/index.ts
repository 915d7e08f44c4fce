export { type DownloadOptions, downloadBlob } from "./blob-download.ts";
export type { ServiceConnection } from "./connection.ts";
export { readMessages, watchEvents } from "./events.ts";
export { type RequestSigner, signedHeaders } from "./request-signer.ts";
export {
  DEFAULT_RETRY,
  isOutage,
  isRetryable,
  pause,
  pauseAfter,
  type RetryPolicy,
  withRetries,
} from "./retry.ts";
export {
  type CallOptions,
  createServiceClient,
  type ServiceClient,
  type ServiceClientOptions,
} from "./service-client.ts";
export type { TransferProgress } from "./transfer.ts";
