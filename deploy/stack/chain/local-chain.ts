import type { StackConfig } from "../config.ts";
import { serviceEnvironment } from "../environment.ts";
import type { Home } from "../home.ts";
import { httpUrl, listeningNote } from "../network/addresses.ts";
import type { Ports } from "../network/ports.ts";
import { nodeServer } from "../node-process.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

const REQUEST_MS = 2_000;

export interface LocalChainSettings {
  readonly config: StackConfig;
  readonly root: string;
  readonly home: Home;
  readonly supervisor: Supervisor;
  readonly ports: Ports;
  readonly log: (line: string) => void;
}

/** Starts the local node on the ledger in the home, and returns the URL of its JSON-RPC. */
export async function startLocalChain(settings: LocalChainSettings): Promise<string> {
  const { config, root, home, ports, supervisor, log } = settings;
  const { host } = config.localnet;
  const wish = { purpose: "the local chain", count: 2, ...config.localnet };
  const port = await supervisor.startOnPort(ports, wish, (candidate) => {
    const url = httpUrl(host, candidate);
    const environment = {
      ...serviceEnvironment(config.environment),
      PLENARY_LOCALNET_PORT: String(candidate),
      PLENARY_LOCALNET_HOST: host,
      PLENARY_LOCALNET_LEDGER: home.folder("localnet"),
    };
    return nodeServer(
      { root, name: "localnet", script: "services/localnet/main.ts", environment },
      url,
      (said) => isOwnChain(url, said),
    );
  });
  const url = httpUrl(host, port);
  log(`Chain: local Solana node on ${url}${listeningNote(host)}`);
  return url;
}

/**
 * Whether the node that answers is the one that wrote the log. Another program's chain may listen
 * on the same port of another address; a federation must not be founded on it.
 */
async function isOwnChain(url: string, said: string): Promise<boolean> {
  const own = /"genesisHash":"([^"]+)"/.exec(said)?.[1];
  return own !== undefined && (await genesisHash(url)) === own;
}

async function genesisHash(url: string): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "getGenesisHash" }),
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  const answer: unknown = await response.json();
  return typeof answer === "object" && answer !== null && "result" in answer
    ? answer.result
    : undefined;
}
