/** The address at which this machine reaches what listens on `host`. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

/** What to say of a server beside its URL: the host, if it listens on more than the URL names. */
export function listeningNote(host: string): string {
  return reachableHost(host) === host ? "" : ` (listening on ${host})`;
}

/** The URL of an HTTP server that listens on `host` (a name, IPv4 or IPv6) and `port`. */
export function httpUrl(host: string, port: number): string {
  const reachable = reachableHost(host);
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
