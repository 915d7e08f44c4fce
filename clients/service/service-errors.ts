import { ErrorBody, isErrorCode, PlenaryError, parserOf, statedPause } from "@plenary/protocol";

const parseBody = parserOf(ErrorBody, "The service's refusal");

/**
 * Addresses that have answered as the service in the life of this process. What answers there
 * differently later, such as a proxy while the service is replaced, means that the service is away.
 */
const confirmed = new Set<string>();

/** The service itself has answered at this base URL. */
export function confirm(url: string): void {
  confirmed.add(url);
}

/** The error for a response other than the endpoint's success: in the service's words, if any. */
export async function refusalOf(url: string, response: Response): Promise<PlenaryError> {
  const retryAfter = statedPause(response.headers);
  const text = await response.text();
  let body: ErrorBody;
  try {
    body = parseBody(JSON.parse(text));
  } catch {
    return foreign(url, response, retryAfter);
  }
  const { code, message, context, requestId } = body.error;
  if (!isErrorCode(code)) return foreign(url, response, retryAfter);
  confirm(url);
  const details = { ...context, requestId, status: response.status };
  return new PlenaryError(
    code,
    message,
    retryAfter === null ? details : { ...details, retryAfter },
  );
}

/** The answer of a proxy or of another server. `permanent`: trying again does not help. */
function foreign(url: string, { status }: Response, retryAfter: number | null): PlenaryError {
  const isAway = confirmed.has(url);
  const passes = isAway || status === 429 || status >= 502;
  const context = { url, status, permanent: !passes };
  return new PlenaryError(
    "service-unavailable",
    foreignMessage(url, status, isAway),
    retryAfter === null ? context : { ...context, retryAfter },
  );
}

function foreignMessage(url: string, status: number, isAway: boolean): string {
  if (status === 413)
    return `A proxy before the service at ${url} refused the body as too large (413): raise its limit for bodies to the federation's largest update.`;
  if (isAway)
    return `The service at ${url} is away: something else answers there now, with status ${status}.`;
  return `What answers at ${url} is not the expected service: it answered ${status}. Check the URL.`;
}

/** The error for no answer at all: a refused connection, a broken transfer, a timeout. */
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
