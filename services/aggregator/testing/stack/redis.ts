import { startProcess, type TestProcess } from "./processes.ts";

/** Starts a Redis that keeps nothing: what is lost with it must not matter. */
export function startRedisServer(
  port: number,
  folder: string,
  more: readonly string[] = [],
): Promise<TestProcess> {
  const settings = { port, bind: "127.0.0.1", save: "", appendonly: "no", dir: folder };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return startProcess("redis-server", [...args, ...more], { ready: "Ready to accept connections" });
}
