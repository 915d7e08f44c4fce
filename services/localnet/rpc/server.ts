import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { answer } from "./dispatch.ts";
import type { RpcContext } from "./method.ts";

/** Longer bodies are refused: a full batch of transactions is far shorter. */
const MAX_BODY_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** As on a public node, any web page may call: a chain for development holds nothing of value. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, GET, OPTIONS",
  "access-control-allow-headers": "*",
  "access-control-max-age": "86400",
} as const;

/**
 * The HTTP side of the node: JSON-RPC by POST to any path, and `GET /health`. The caller listens.
 */
export function createRpcServer(
  context: RpcContext,
  onInternalError: (error: unknown) => void,
): Server {
  const server = createServer((request, response) => {
    handle(request, context, onInternalError).then(
      ({ status, body }) => respond(response, status, body),
      (error: unknown) => {
        // A client that hangs up in the middle of its request is not an error of the node.
        if (request.errored !== null || request.destroyed) return;
        onInternalError(error);
        respond(
          response,
          503,
          errorBody(-32603, "The node cannot answer: its ledger cannot be written."),
        );
      },
    );
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = 65_000;
  return server;
}

interface Reply {
  readonly status: number;
  readonly body: string | undefined;
}

async function handle(
  request: IncomingMessage,
  context: RpcContext,
  onInternalError: (error: unknown) => void,
): Promise<Reply> {
  if (request.method === "OPTIONS") return { status: 204, body: undefined };
  if (request.method === "GET" && request.url === "/health") return { status: 200, body: "ok" };
  if (request.method !== "POST")
    return { status: 405, body: errorBody(-32600, "Invalid request: send JSON-RPC by POST.") };
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json")
    return {
      status: 415,
      body: errorBody(-32600, "Invalid request: content-type must be application/json."),
    };
  const text = await readBody(request);
  if (text === undefined)
    return {
      status: 413,
      body: errorBody(-32600, `Invalid request: the body is longer than ${MAX_BODY_BYTES} bytes.`),
    };
  return { status: 200, body: await answer(text, context, onInternalError) };
}

/** The body's text, or `undefined` if it is too long, of which no more is kept. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > MAX_BODY_BYTES) chunks.length = 0;
    else chunks.push(chunk);
    if (length > 8 * MAX_BODY_BYTES) break;
  }
  return length > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString("utf8");
}

function respond(response: ServerResponse, status: number, body: string | undefined): void {
  if (response.headersSent || response.destroyed) return;
  const type = body === "ok" ? "text/plain" : "application/json";
  response.writeHead(status, {
    ...CORS,
    ...(body === undefined
      ? {}
      : { "content-type": type, "content-length": Buffer.byteLength(body) }),
  });
  response.end(body);
}

function errorBody(code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: null, error: { code, message } });
}
