const DATE = /^[A-Z][a-z]+, .* GMT$/;

/**
 * How long an answer asks to wait, in milliseconds from now: the seconds or the date of
 * `retry-after` (RFC 9110, section 10.2.3). Null without it, and where it is neither. The other
 * side may have written anything: the caller sets a limit before it waits.
 */
export function statedPause(headers: Headers): number | null {
  const text = headers.get("retry-after") ?? "";
  if (/^[0-9]+$/.test(text)) return Number(text) * 1_000;
  const milliseconds = DATE.test(text) ? Date.parse(text) - Date.now() : Number.NaN;
  return Number.isNaN(milliseconds) ? null : Math.max(0, milliseconds);
}
