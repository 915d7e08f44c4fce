import { spawn } from "node:child_process";
import { join } from "node:path";
import { MODULES, ROOT } from "./paths.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const PARENT_POLL_MS = 1_000;
/** IPv6 both ways: Node's fetch and its http module read it differently. */
const LOOPBACK = ["localhost", "127.0.0.1", "::1", "[::1]"];

/** Runs a task's script, passes signals on to it, and ends as it ends. */
export function handOver(node, args, task) {
  // The channel tells `start` when this process dies, even by SIGKILL: it never runs on unseen.
  const channel = task === "start" ? ["ipc"] : [];
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...args], {
    cwd: ROOT,
    stdio: ["inherit", "inherit", "inherit", ...channel],
    env: environment(),
  });
  let isTold = false;
  const tell = (signal) => {
    isTold = true;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, tell);
  const watch = watchParent(() => {
    // Not again: a second signal means to end at once, whatever that leaves running.
    if (!isTold) tell("SIGTERM");
  });
  child.on("error", (error) => {
    console.error(
      `Cannot run ${node}: ${error.message}. Remove node_modules and try again, or install Node 24.`,
    );
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    clearInterval(watch);
    if (signal === null) process.exit(code ?? 1);
    for (const name of SIGNALS) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** Calls back once npm, or its shell, has died without passing a signal on. */
function watchParent(onDeath) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    onDeath();
  }, PARENT_POLL_MS);
  return watch;
}

function environment() {
  const direct = withoutProxyForLoopback(process.env);
  return {
    // Halves the time that a process takes to load its sources; there are many of them.
    NODE_COMPILE_CACHE: join(MODULES, ".cache", "node"),
    ...process.env,
    NO_PROXY: direct,
    no_proxy: direct,
    PLENARY_CALLER_FOLDER: process.env.INIT_CWD ?? process.cwd(),
  };
}

/**
 * NO_PROXY with this machine's own addresses: the parts of a stack talk to each other on them,
 * and a proxy of the environment (HTTP_PROXY with NODE_USE_ENV_PROXY) would not find them there.
 */
function withoutProxyForLoopback({ NO_PROXY, no_proxy, PLENARY_HOST, PLENARY_LOCALNET_HOST }) {
  const given = no_proxy || NO_PROXY || "";
  if (given.trim() === "*") return "*";
  const hosts = [PLENARY_HOST, PLENARY_LOCALNET_HOST].filter(Boolean);
  const own = hosts.flatMap((host) => (host.includes(":") ? [host, `[${host}]`] : [host]));
  return [...new Set([...given.split(","), ...LOOPBACK, ...own])].filter(Boolean).join(",");
}
