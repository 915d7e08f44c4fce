import { Readable } from "node:stream";
import { PlenaryError, sha256 } from "@plenary/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** A configuration is a few kilobytes; this is generous. */
const JSON_LIMIT = 1024 * 1024;
const OCTET_STREAM = "application/octet-stream";

declare module "fastify" {
  interface FastifyRequest {
    /** SHA-256 of a JSON body, which signed requests cover; of nothing where there is no body. */
    bodyHash: Uint8Array;
  }
}

/** JSON bodies are read whole and hashed; octet streams are left to their handler; compressed bodies are refused. */
export function acceptBodies(app: FastifyInstance): void {
  const nothing = sha256();
  app.decorateRequest("bodyHash");
  app.addHook("onRequest", async (request) => {
    request.bodyHash = nothing;
    refuseEncoding(request);
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer", bodyLimit: JSON_LIMIT },
    async (request: FastifyRequest, body: Buffer) => {
      request.bodyHash = sha256(body);
      return parseJson(body);
    },
  );
  app.addContentTypeParser(
    OCTET_STREAM,
    async (_request: FastifyRequest, payload: unknown) => payload,
  );
}

/** The raw body of an upload. Throws `content-type-refused`. */
export function streamOf(request: FastifyRequest): Readable {
  if (request.body instanceof Readable) return request.body;
  throw new PlenaryError("content-type-refused", `Send the bytes themselves as ${OCTET_STREAM}.`, {
    expected: OCTET_STREAM,
    actual: request.headers["content-type"] ?? "",
  });
}

/** A small body could unpack to a huge one, and what is hashed and signed are the bytes themselves. */
function refuseEncoding(request: FastifyRequest): void {
  const encoding = request.headers["content-encoding"];
  if (encoding === undefined || encoding.toLowerCase() === "identity") return;
  throw new PlenaryError(
    "content-encoding-refused",
    "Send bodies without content-encoding: payloads have a codec of their own.",
    { actual: encoding.slice(0, 100) },
  );
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(body),
      refusePrototype,
    );
    return value;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new PlenaryError("invalid-input", `The body is no JSON: ${problem}`, {}, { cause });
  }
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new SyntaxError("a key is __proto__");
  return value;
}
