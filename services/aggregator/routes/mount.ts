import {
  type BodyOf,
  ENDPOINTS,
  type Endpoint,
  ErrorBody,
  type ParamsOf,
  parserOf,
  type QueryOf,
  type ResponseOf,
} from "@plenary/protocol";
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchemaCompiler,
  RouteOptions,
} from "fastify";
import Type, { type TSchema } from "typebox";
import { Value } from "typebox/value";

export type Endpoints = typeof ENDPOINTS;

/** What a handler gets: everything checked against the endpoint's schemas. */
export interface Call<E extends Endpoint> {
  readonly params: ParamsOf<E>;
  readonly query: QueryOf<E>;
  /** Undefined for a stream: read it from `request.body`. */
  readonly body: E["body"] extends "bytes" ? undefined : BodyOf<E>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Answers with the endpoint's response; those of bytes and events write to the reply themselves. */
export type Handler<E extends Endpoint> = (
  call: Call<E>,
) => Promise<E["response"] extends "bytes" | "events" ? FastifyReply : ResponseOf<E>>;

/** One handler for every endpoint of the protocol: leaving one out is a type error. */
export type Handlers = { readonly [Operation in keyof Endpoints]: Handler<Endpoints[Operation]> };

/** Mounts all endpoints with their schemas. */
export function mountEndpoints(app: FastifyInstance, handlers: Handlers): void {
  for (const operation of Object.keys(ENDPOINTS) as (keyof Endpoints)[])
    app.route(routeOf(ENDPOINTS[operation], handlers[operation] as Handler<Endpoint>));
}

function routeOf(endpoint: Endpoint, handle: Handler<Endpoint>): RouteOptions {
  return {
    method: endpoint.method,
    url: endpoint.path,
    schema: {
      operationId: endpoint.operation,
      summary: endpoint.summary,
      tags: [tagOf(endpoint)],
      params: endpoint.params,
      querystring: endpoint.query,
      ...(typeof endpoint.body === "object" ? { body: endpoint.body } : {}),
      ...(endpoint.body === "bytes" ? { consumes: ["application/octet-stream"] } : {}),
      response: responsesOf(endpoint),
    },
    // A stream has no end at which the answer to a HEAD could be complete.
    ...(endpoint.response === "events" ? { sse: "only" as const, exposeHeadRoute: false } : {}),
    handler: async (request, reply) => {
      const body = typeof endpoint.body === "object" ? request.body : undefined;
      const call = { params: request.params, query: request.query, body, request, reply };
      const answer = await handle(call as Call<Endpoint>);
      return reply.sent || answer === reply ? reply : reply.code(endpoint.status).send(answer);
    },
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

/** Checks requests with the protocol's own parser, so that a refusal names the field; text in queries becomes numbers first. */
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
