import { Readable } from "node:stream";
import { PlenaryError, sha256 } from "@plenary/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";

const OCTET_STREAM = "application/octet-stream";

declare module "fastify" {
  interface FastifyRequest {
    /** SHA-256 of a JSON body, which signed requests cover; of nothing where there is no body. */
    bodyHash: Uint8Array;
  }
}

/**
 * Reads JSON bodies whole, up to the route's `bodyLimit`, and hashes them. Their text stays
 * unparsed until `parseBody`, so that a signature can be checked first. Octet streams are left to
 * their handler. Compressed bodies are refused.
 */
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
    { parseAs: "buffer" },
    async (request: FastifyRequest, body: Buffer) => {
      request.bodyHash = sha256(body);
      return body;
    },
  );
  app.addContentTypeParser(
    OCTET_STREAM,
    async (_request: FastifyRequest, payload: unknown) => payload,
  );
}

/** Turns the text of a JSON body into its value. Throws `invalid-input`. */
export function parseBody(request: FastifyRequest): void {
  if (Buffer.isBuffer(request.body)) request.body = parseJson(request.body);
}

/** The raw body of an upload. Throws `content-type-refused`. */
export function streamOf(request: FastifyRequest): Readable {
  if (request.body instanceof Readable) return request.body;
  throw new PlenaryError("content-type-refused", `Send the bytes themselves as ${OCTET_STREAM}.`, {
    expected: OCTET_STREAM,
    actual: request.headers["content-type"] ?? "",
  });
}

/** A small body could unpack to a huge one; and hashes and signatures cover the bytes as sent. */
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
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    // Looking at each key takes far longer than parsing, so it is done only where it can matter.
    const value: unknown = MAY_NAME_PROTOTYPE.test(text)
      ? JSON.parse(text, refusePrototype)
      : JSON.parse(text);
    return value;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new PlenaryError("invalid-input", `The body is not JSON: ${problem}`, {}, { cause });
  }
}

/** The key itself, or escapes that may hide it. */
const MAY_NAME_PROTOTYPE = /__proto__|\\u/;

function refusePrototype(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new SyntaxError("a key is __proto__");
  return value;
}
