import {
  type BodyOf,
  ENDPOINTS,
  type Endpoint,
  ErrorBody,
  fromHex,
  type ParamsOf,
  parserOf,
  type QueryOf,
  type ResponseOf,
} from "@plenary/protocol";
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  FastifySchemaCompiler,
  RouteOptions,
} from "fastify";
import Type, { type TSchema } from "typebox";
import { Value } from "typebox/value";
import { parseBody } from "./bodies.ts";
import type { RunningWork } from "./running-work.ts";
import type { SignedRequests } from "./signed.ts";

export type Endpoints = typeof ENDPOINTS;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Nothing of a request is logged but its method, path and the code of a refusal. */
    confidential?: boolean;
  }
  interface FastifyRequest {
    /** The key that signed the request, where the endpoint is for an authority. */
    requester: Uint8Array | undefined;
  }
}

/** What a handler receives, all of it checked against the endpoint's schemas. */
export interface Call<E extends Endpoint> {
  readonly params: ParamsOf<E>;
  readonly query: QueryOf<E>;
  /** Undefined for a stream, which the handler reads with `streamOf`. */
  readonly body: E["body"] extends "bytes" ? undefined : BodyOf<E>;
  /** The key that signed the request; undefined unless the endpoint is for an authority. */
  readonly requester: E["access"] extends "authority" ? Uint8Array : undefined;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Returns the endpoint's response; a handler of bytes or events writes to the reply instead. */
export type Handler<E extends Endpoint> = (
  call: Call<E>,
) => Promise<E["response"] extends "bytes" | "events" ? FastifyReply : ResponseOf<E>>;

/** One handler for each endpoint of the protocol; a missing one is a type error. */
export type Handlers = { readonly [Operation in keyof Endpoints]: Handler<Endpoints[Operation]> };

/** What a request must pass before its JSON is parsed, where that costs more than a glance. */
export type Gate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
export type Gates = { readonly [Operation in keyof Endpoints]?: Gate };

/** Mounts all endpoints with their schemas, their limits and their signatures. */
export function mountEndpoints(
  app: FastifyInstance,
  handlers: Handlers,
  signed: SignedRequests,
  work: RunningWork,
  gates: Gates = {},
): void {
  app.decorateRequest("requester");
  for (const operation of Object.keys(ENDPOINTS) as (keyof Endpoints)[])
    app.route(
      routeOf(ENDPOINTS[operation], {
        handle: handlers[operation] as Handler<Endpoint>,
        signed,
        work,
        gate: gates[operation],
      }),
    );
}

interface Mounted {
  readonly handle: Handler<Endpoint>;
  readonly signed: SignedRequests;
  readonly work: RunningWork;
  readonly gate: Gate | undefined;
}

function routeOf(endpoint: Endpoint, { handle, signed, work, gate }: Mounted): RouteOptions {
  const isSigned = endpoint.access === "authority";
  const authenticate = async (request: FastifyRequest, reply: FastifyReply) => {
    if (isSigned)
      request.requester = await signed.authenticate(request, signedHash(endpoint, request));
    await gate?.(request, reply);
    if (typeof endpoint.body === "object") parseBody(request);
  };
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const { params, query, requester } = request;
    const body = typeof endpoint.body === "object" ? request.body : undefined;
    const call = { params, query, body, requester, request, reply };
    const response = await handle(call as Call<Endpoint>);
    // Bytes and events are written by their handler. A client that left has not had all of them.
    if (typeof endpoint.response === "string" || reply.sent) return reply;
    return reply.code(endpoint.status).send(response);
  };
  return {
    method: endpoint.method,
    url: endpoint.path,
    schema: schemaOf(endpoint),
    bodyLimit: endpoint.bodyLimit,
    config: { confidential: endpoint.confidential },
    // A stream has no end at which the answer to a HEAD could be complete.
    ...(endpoint.response === "events" ? { sse: "only" as const, exposeHeadRoute: false } : {}),
    ...(isSigned ? { onRequest: async (request) => signed.requireClaims(request) } : {}),
    // The signature is checked before a stranger's JSON is parsed and validated.
    preValidation: (request, reply) => work.run(() => authenticate(request, reply)),
    handler: (request, reply) => work.run(() => answer(request, reply)),
  };
}

/** The path names bytes by their hash, so that their signature is checked before they arrive. */
function signedHash(endpoint: Endpoint, { bodyHash, params }: FastifyRequest): Uint8Array {
  if (endpoint.body !== "bytes") return bodyHash;
  const { hash = "" } = params as { readonly hash?: string };
  return fromHex(hash, 32);
}

function schemaOf(endpoint: Endpoint): FastifySchema {
  return {
    operationId: endpoint.operation,
    summary: endpoint.summary,
    tags: [tagOf(endpoint)],
    params: endpoint.params,
    querystring: endpoint.query,
    ...(typeof endpoint.body === "object" ? { body: endpoint.body } : {}),
    ...(endpoint.body === "bytes" ? { consumes: ["application/octet-stream"] } : {}),
    response: responsesOf(endpoint),
  };
}

function responsesOf(endpoint: Endpoint): Record<string, TSchema> {
  const success = typeof endpoint.response === "object" ? endpoint.response : Type.Any();
  return { [endpoint.status]: success, "4xx": ErrorBody, "5xx": ErrorBody };
}

function tagOf({ path }: Endpoint): string {
  return path.startsWith("/v1/blobs")
    ? "blobs"
    : path.includes("/rounds")
      ? "rounds"
      : "federations";
}

/**
 * Checks requests with the protocol's own parser, so that a refusal names the field. Text in
 * queries is converted to numbers first.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const parse = parserOf(
    schema,
    httpPart === "body" ? "Body" : httpPart === "params" ? "Path" : "Query",
  );
  return (data) => {
    try {
      return { value: parse(httpPart === "querystring" ? Value.Convert(schema, data) : data) };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  };
};
