/**
 * The JSON-RPC error codes of Solana nodes (solana-rpc-client-api, `custom_error.rs`), and
 * JSON-RPC 2.0's own.
 */
export const RPC_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  blockCleanedUp: -32001,
  preflightFailure: -32002,
  signatureVerificationFailure: -32003,
  blockNotAvailable: -32004,
  slotSkipped: -32007,
  unsupportedTransactionVersion: -32015,
  minContextSlotNotReached: -32016,
} as const;

export type RpcErrorName = keyof typeof RPC_CODES;

/** A refusal that reaches the client as a JSON-RPC error object. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(name: RpcErrorName, message: string, data?: unknown) {
    super(message);
    this.name = "RpcError";
    this.code = RPC_CODES[name];
    this.data = data;
  }
}

/** Refuses a parameter; `field` is its place, for example `params[1].encoding`. */
export function invalidParam(field: string, problem: string): RpcError {
  return new RpcError("invalidParams", `Invalid params: ${field} ${problem}`, { field });
}
