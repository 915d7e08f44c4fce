import { isIPv4 } from "node:net";
import { pino } from "pino";
import { readSettings } from "./config.ts";
import { EXIT_CODES, LocalnetError } from "./errors.ts";
import { logOutput } from "./log-output.ts";
import { startNode } from "./node.ts";

const log = pino({ name: "localnet" }, logOutput);

/** Logs what went wrong, and ends the process with its exit code. */
function die(error: unknown): never {
  if (error instanceof LocalnetError)
    log.fatal({ code: error.code, ...error.context }, error.message);
  else log.fatal(error, "The node failed.");
  process.exit(error instanceof LocalnetError ? EXIT_CODES[error.code] : 1);
}

/** Nothing but this machine reaches 127.0.0.0/8 and ::1. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const node = await startNode(settings, {
    onInternalError: (error) => log.error(error, "A request failed inside the node."),
    onLedgerFailure: die,
  });
  if (node.tornBytes > 0)
    log.warn(
      { bytes: node.tornBytes },
      "The journal ended in an interrupted write, which was dropped.",
    );
  if (!isLoopback(settings.host))
    log.warn(
      { host: settings.host },
      "Everyone who reaches this address can use the node: PLENARY_LOCALNET_HOST is not loopback.",
    );
  const stop = (signal: string) => {
    log.info({ signal }, "stopping");
    node.close().then(() => process.exit(0), die);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  log.info(
    {
      rpc: node.rpcUrl,
      webSocket: node.webSocketUrl,
      ledger: settings.ledger,
      genesisHash: node.bank.genesisHash,
      slot: node.bank.slots.current,
      transactions: node.bank.history.total,
      programs: settings.programs.map(({ address }) => address),
      deployed: node.bank.deployed,
    },
    "ready",
  );
}

// Without these, Node writes plain lines among the JSON.
process.removeAllListeners("warning");
process.on("warning", (warning) => log.warn(warning, "Node warns."));
process.on("uncaughtException", die);
process.on("unhandledRejection", die);
main().catch(die);
