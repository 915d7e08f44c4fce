import { readFileSync } from "node:fs";
import { readSettings } from "../config.ts";
import { startNode } from "../node.ts";

/*
 * A node whose time tests can let pass: `node hurried-node.ts PORT LEDGER CLOCK`. The file CLOCK holds by how many milliseconds the chain's
 * clock is ahead of the system's, and is read each time that the clock is. Put ahead by less than a blockhash's lifetime (60 s) at once, it
 * leaves what has been signed valid.
 */

const TICK_MILLISECONDS = 100;

const [port = "", ledger = "", clockFile = ""] = process.argv.slice(2);
const node = await startNode(
  readSettings({ PLENARY_LOCALNET_PORT: port, PLENARY_LOCALNET_LEDGER: ledger }),
  {
    clock: () => Date.now() + Number(readFileSync(clockFile, "utf8")),
    onInternalError: (error) => console.error(error),
    onLedgerFailure(error) {
      throw error;
    },
  },
);
setInterval(node.tick, TICK_MILLISECONDS);
process.once("SIGTERM", () => void node.close().then(() => process.exit(0)));
console.log('{"msg":"ready"}');
