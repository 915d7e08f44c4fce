export { downloadBlob, type TransferProgress } from "./blob-download.ts";
export { readMessages, type StreamMessage, watchEvents } from "./events.ts";
export { type RequestSigner, signedHeaders } from "./request-signer.ts";
export {
  DEFAULT_RETRY,
  isRetryable,
  pause,
  pauseAfter,
  type RetryPolicy,
  withRetries,
} from "./retry.ts";
export {
  type CallOptions,
  createServiceClient,
  type DownloadOptions,
  type ServiceClient,
  type ServiceClientOptions,
} from "./service-client.ts";
