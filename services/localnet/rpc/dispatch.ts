import { ACCOUNT_METHODS } from "./accounts.ts";
import { BLOCK_METHODS } from "./blocks.ts";
import { CLUSTER_METHODS } from "./cluster.ts";
import { RpcError } from "./errors.ts";
import type { Method, RpcContext } from "./method.ts";
import { SIGNATURE_METHODS } from "./signatures.ts";
import { TOKEN_METHODS } from "./tokens.ts";
import { TRANSACTION_METHODS } from "./transactions.ts";

/** Every method by name. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  [
    ...ACCOUNT_METHODS,
    ...BLOCK_METHODS,
    ...CLUSTER_METHODS,
    ...SIGNATURE_METHODS,
    ...TOKEN_METHODS,
    ...TRANSACTION_METHODS,
  ].map((method) => [method.name, method]),
);

const MAX_BATCH = 1000;

type RequestId = string | number | null;

/**
 * A request whose envelope has been checked; `id` is absent from a notification, which gets no
 * answer.
 */
export interface Request {
  readonly method: string;
  readonly params: unknown;
  readonly id?: RequestId;
}

export type Response = { readonly jsonrpc: "2.0"; readonly id: RequestId } & (
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
);

/**
 * Answers the text of an HTTP request, a call or a batch; `undefined` for notifications alone.
 * Never rejects for what a client sent.
 */
export async function answer(
  text: string,
  context: RpcContext,
  onInternalError: (error: unknown) => void,
): Promise<string | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return JSON.stringify(failure(null, new RpcError("parseError", "Parse error")));
  }
  const call = (item: unknown) =>
    dispatch(item, (request) => callMethod(request, context), onInternalError);
  const answered = Array.isArray(value) ? await answerBatch(value, call) : await call(value);
  // An answer may show state that was just written, and must not be lost with the process.
  await context.bank.durable();
  return answered === undefined ? undefined : JSON.stringify(answered);
}

/**
 * Checks a request's envelope and runs it through `run`, turning what it throws into an error
 * response.
 */
export async function dispatch(
  value: unknown,
  run: (request: Request) => unknown,
  onInternalError: (error: unknown) => void,
): Promise<Response | undefined> {
  let id: RequestId = null;
  try {
    const request = requestOf(value);
    id = request.id ?? null;
    const result = await run(request);
    return request.id === undefined ? undefined : { jsonrpc: "2.0", id, result: result ?? null };
  } catch (error) {
    if (error instanceof RpcError) return failure(id, error);
    onInternalError(error);
    return failure(id, new RpcError("internalError", "Internal error"));
  }
}

async function answerBatch(
  items: readonly unknown[],
  call: (item: unknown) => Promise<Response | undefined>,
): Promise<unknown> {
  if (items.length === 0)
    return failure(null, new RpcError("invalidRequest", "Invalid request: empty batch"));
  if (items.length > MAX_BATCH)
    return failure(
      null,
      new RpcError("invalidRequest", `Invalid request: a batch has at most ${MAX_BATCH} calls`),
    );
  const responses = [];
  // In turn: a batch may send a transaction and then ask for what it did.
  for (const item of items) responses.push(await call(item));
  const answered = responses.filter((response) => response !== undefined);
  return answered.length === 0 ? undefined : answered;
}

function callMethod(request: Request, context: RpcContext): unknown {
  const found = METHODS.get(request.method);
  if (found === undefined) throw new RpcError("methodNotFound", "Method not found");
  context.bank.advance();
  return found.run(context, request.params);
}

function requestOf(value: unknown): Request {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RpcError("invalidRequest", "Invalid request: not an object");
  const { jsonrpc, method, params, id } = value as Readonly<Record<string, unknown>>;
  if (jsonrpc !== "2.0")
    throw new RpcError("invalidRequest", 'Invalid request: jsonrpc must be "2.0"');
  if (typeof method !== "string")
    throw new RpcError("invalidRequest", "Invalid request: method must be a string");
  if (id === undefined) return { method, params };
  if (typeof id !== "string" && typeof id !== "number" && id !== null)
    throw new RpcError("invalidRequest", "Invalid request: id must be a string, a number or null");
  return { method, params, id };
}

function failure(id: RequestId, error: RpcError): Response {
  const { code, message, data } = error;
  return { jsonrpc: "2.0", id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}
