import { join } from "node:path";
import type { Liveness, ProcessDescription } from "./supervisor/process-description.ts";

const READY_REQUEST_MS = 2_000;
/** A server that answers nothing for half a minute hangs. */
const LIVENESS = { intervalMs: 5_000, failures: 3 };

/** A process of this repository, run by the Node that runs this one. */
export interface NodeProcessSettings {
  /** Folder of the repository. */
  readonly root: string;
  readonly name: string;
  /** Below the repository's folder. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A process that does its task and ends. */
export function nodeProcess(settings: NodeProcessSettings): ProcessDescription {
  const { root, name, script, args = [], environment } = settings;
  return {
    name,
    command: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(root, script), ...args],
    cwd: root,
    env: environment,
    ready: async () => true,
  };
}

/** A process that answers HTTP at `url`: it is always started again, also when it hangs. */
export function nodeServer(
  settings: NodeProcessSettings,
  url: string,
  ready: ProcessDescription["ready"],
): ProcessDescription {
  return { ...nodeProcess(settings), restart: "always", ready, liveness: livenessOf(url) };
}

/** Any answer is a sign of life: whether a server is well is not asked, only whether it hangs. */
function livenessOf(url: string): Liveness {
  const check = async (signal: AbortSignal) => {
    const response = await fetch(`${url}/livez`, { signal });
    await response.body?.cancel();
  };
  return { ...LIVENESS, check };
}

/** Whether a process says that it is ready and all that it needs answers. */
export async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(READY_REQUEST_MS) });
  await response.body?.cancel();
  return response.ok;
}
