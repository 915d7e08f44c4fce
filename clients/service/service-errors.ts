import { ErrorBody, isErrorCode, PlenaryError, parserOf } from "@plenary/protocol";

const parseBody = parserOf(ErrorBody, "The service's refusal");

/** The error that a response other than the endpoint's success stands for: the service's own words where it gave any. */
export async function refusalOf(response: Response): Promise<PlenaryError> {
  const retryAfter = retryAfterOf(response);
  const text = await response.text();
  let body: ErrorBody;
  try {
    body = parseBody(JSON.parse(text));
  } catch {
    return foreign(response, retryAfter);
  }
  const { code, message, context, requestId } = body.error;
  if (!isErrorCode(code)) return foreign(response, retryAfter);
  const details = { ...context, requestId, status: response.status };
  return new PlenaryError(
    code,
    message,
    retryAfter === null ? details : { ...details, retryAfter },
  );
}

/** A proxy's or another server's answer. Overload passes; a 404 or 200 of something else does not. */
function foreign(response: Response, retryAfter: number | null): PlenaryError {
  const { status } = response;
  const passing = status === 429 || status >= 502;
  const context = { url: response.url, status, permanent: !passing };
  return new PlenaryError(
    "service-unavailable",
    `What answers at ${new URL(response.url).origin} is not the expected service: it answered ${status}. Check the URL.`,
    retryAfter === null ? context : { ...context, retryAfter },
  );
}

/** Seconds, or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
function retryAfterOf(response: Response): number | null {
  const text = response.headers.get("retry-after");
  if (text === null) return null;
  const milliseconds = /^[0-9]+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : null;
}

/** No answer at all: refused connection, broken transfer, timeout. */
export function unreachable(url: string, cause: unknown, timedOut: boolean): PlenaryError {
  const reason = timedOut ? "no answer in time" : reasonOf(cause);
  return new PlenaryError(
    "service-unavailable",
    `The service at ${url} cannot be reached (${reason}). Check that it runs and that the URL is right.`,
    { url, reason },
    { cause },
  );
}

/** fetch says "fetch failed" and hides the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
