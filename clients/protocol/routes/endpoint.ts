import Type, { type Static, type TSchema } from "typebox";
import { type ErrorCode, PlenaryError } from "../errors.ts";

/**
 * The callers that an endpoint allows:
 * - `public`: anyone;
 * - `reader`: anyone for a public federation; for a private one its readers, by a signed request;
 * - `member`: a member, by a signed envelope;
 * - `auditor`: an auditor, by a signed report;
 * - `authority`: the federation's authority, by a signed request.
 */
export type Access = "public" | "reader" | "member" | "auditor" | "authority";

/**
 * One REST endpoint. The service mounts this definition and the client calls by it, so that types,
 * URL and schema cannot differ. `body` is the schema of a JSON body, or 'bytes' for a raw octet
 * stream. `response` is the schema of the success body, 'bytes' for a blob, or 'events' for
 * server-sent events.
 */
export interface Endpoint<
  Params extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Body extends TSchema | "bytes" | undefined = TSchema | "bytes" | undefined,
  Response extends TSchema | "bytes" | "events" | undefined =
    | TSchema
    | "bytes"
    | "events"
    | undefined,
  Who extends Access = Access,
> {
  readonly operation: string;
  /** One or two sentences for people: what the endpoint is for. */
  readonly summary: string;
  readonly method: "GET" | "POST" | "PUT";
  /** Path with `:name` parameters. */
  readonly path: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Most bytes of a JSON body; larger ones are refused unread. */
  readonly bodyLimit: number;
  readonly response: Response;
  readonly status: 200 | 201 | 202 | 204;
  readonly access: Who;
  /** Whether a request holds what nobody may read in a log. */
  readonly confidential: boolean;
  /**
   * Codes that this endpoint can answer besides `invalid-input`, `rate-limited`, `internal` and the
   * `*-unavailable` ones.
   */
  readonly errors: readonly ErrorCode[];
}

/** Enough for every JSON body but a configuration. */
const BODY_LIMIT = 4 * 1024;

const Nothing = Type.Object({});

/** Completes a definition with the defaults: no parameters, query or body; status 200; public. */
export function endpoint<
  const Operation extends string,
  Params extends TSchema = typeof Nothing,
  Query extends TSchema = typeof Nothing,
  Body extends TSchema | "bytes" | undefined = undefined,
  Response extends TSchema | "bytes" | "events" | undefined = undefined,
  const Who extends Access = "public",
>(definition: {
  operation: Operation;
  summary: string;
  method: Endpoint["method"];
  path: string;
  params?: Params;
  query?: Query;
  body?: Body;
  bodyLimit?: number;
  response?: Response;
  status?: Endpoint["status"];
  access?: Who;
  confidential?: boolean;
  errors?: readonly ErrorCode[];
}): Endpoint<Params, Query, Body, Response, Who> & { readonly operation: Operation } {
  return {
    params: Nothing as TSchema as Params,
    query: Nothing as TSchema as Query,
    body: undefined as Body,
    bodyLimit: BODY_LIMIT,
    response: undefined as Response,
    status: 200,
    access: "public" as Who,
    confidential: false,
    errors: [],
    ...definition,
  };
}

/** Codes with which a signed request can be refused. */
export const SIGNED_ERRORS = ["signature-invalid", "request-expired", "request-replayed"] as const;
/** Codes with which a reader of a private federation can be refused. */
export const READER_ERRORS = [
  "not-found",
  ...SIGNED_ERRORS,
  "member-unknown",
  "member-inactive",
] as const;

export type ParamsOf<E extends Endpoint> = Static<E["params"]>;
export type QueryOf<E extends Endpoint> = Static<E["query"]>;
// The literals come first, because any string has the form of an empty schema.
export type BodyOf<E extends Endpoint> = E["body"] extends "bytes"
  ? Uint8Array
  : E["body"] extends TSchema
    ? Static<E["body"]>
    : undefined;
export type ResponseOf<E extends Endpoint> = E["response"] extends "bytes"
  ? Uint8Array
  : E["response"] extends "events"
    ? undefined
    : E["response"] extends TSchema
      ? Static<E["response"]>
      : undefined;

/** The path and query of a call. Throws `invalid-input` if a path parameter is missing. */
export function urlOf(
  target: Pick<Endpoint, "path">,
  params: Readonly<Record<string, string | number>>,
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  const path = target.path.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined)
      throw new PlenaryError("invalid-input", `Path parameter ${name} is missing.`, {
        field: name,
      });
    return encodeURIComponent(value);
  });
  const pairs = Object.entries(query).filter(
    (pair): pair is [string, string | number | boolean] => pair[1] !== undefined,
  );
  return pairs.length === 0
    ? path
    : `${path}?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}`;
}

/** The body of every refusal. */
export const ErrorBody = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    context: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    requestId: Type.String(),
  }),
});
export type ErrorBody = Static<typeof ErrorBody>;
