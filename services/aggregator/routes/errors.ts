import { ERROR_STATUS, type ErrorBody, type ErrorCode, PlenaryError } from "@plenary/protocol";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { databaseUnavailable, isDatabaseUnavailable } from "../store/database-errors.ts";

/** Fastify's own refusals in the protocol's codes. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "content-type-refused",
  FST_ERR_CTP_BODY_TOO_LARGE: "payload-too-large",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "payload-truncated",
  FST_UNDER_PRESSURE: "service-unavailable",
};

/** The one place where errors become answers. Internal errors are logged, and not told. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => answer(toPlenaryError(error), request, reply));
  app.setNotFoundHandler((request, reply) =>
    answer(
      new PlenaryError("not-found", `There is no ${request.method} ${pathOf(request)}: see /docs.`),
      request,
      reply,
    ),
  );
}

function answer(error: PlenaryError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = ERROR_STATUS[error.code];
  if (status >= 500) request.log.error({ err: error, cause: error.cause }, "request failed");
  else request.log.info({ code: error.code, ...loggedContext(error, request) }, "request refused");
  const { retryAfterSeconds } = error.context;
  if (status === 503) reply.header("retry-after", "1");
  else if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  if (reply.raw.headersSent) {
    request.raw.destroy();
    return reply;
  }
  const hidden = status === 500;
  const body: ErrorBody = {
    error: {
      code: error.code,
      message: hidden
        ? "The service failed; its operator finds the cause in the log by the request id."
        : error.message,
      context: hidden ? {} : { ...error.context },
      requestId: request.id,
    },
  };
  return reply.code(status).type("application/json").send(body);
}

/** An error's context, unless it may quote a confidential request. */
function loggedContext({ context }: PlenaryError, { routeOptions }: FastifyRequest) {
  return routeOptions.config.confidential === true ? {} : { context };
}

/** Any error as one of the protocol's. */
export function toPlenaryError(error: unknown): PlenaryError {
  if (error instanceof PlenaryError) return error;
  if (isDatabaseUnavailable(error)) return databaseUnavailable(error);
  if (!isFastifyError(error)) return internal(error);
  const known = FASTIFY_CODES[error.code];
  if (known !== undefined) return new PlenaryError(known, error.message, {}, { cause: error });
  if (error.statusCode === 429)
    return new PlenaryError("rate-limited", error.message, {}, { cause: error });
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return new PlenaryError("invalid-input", error.message, {}, { cause: error });
  return internal(error);
}

function internal(cause: unknown): PlenaryError {
  return new PlenaryError("internal", "The service failed.", {}, { cause });
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && "statusCode" in error;
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?")[0]?.slice(0, 200) ?? "";
}
