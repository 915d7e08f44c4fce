import type { RequestSigner } from "./request-signer.ts";
import type { RetryPolicy } from "./retry.ts";

/** How to reach one service: what calls, downloads and event streams share. */
export interface ServiceConnection {
  /** Base URL without a slash at its end. */
  readonly url: string;
  /** Milliseconds that an attempt may stand still. */
  readonly timeout: number;
  readonly retry: RetryPolicy;
  /** Signs every request, where there is one. */
  readonly signer: RequestSigner | undefined;
}
