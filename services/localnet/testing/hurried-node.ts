import { readFileSync } from "node:fs";
import { readSettings } from "../config.ts";
import { startNode } from "../node.ts";

/*
 * A node on which tests let time pass: `node hurried-node.ts PORT LEDGER CLOCK`. The file CLOCK
 * holds the milliseconds by which the chain's clock is ahead of the system's; it is read each
 * time that the clock is. A step of less than a blockhash's lifetime (60 s) keeps signed
 * transactions valid. PORT 0 takes any free one; the node's first line names it.
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
console.log(JSON.stringify({ msg: "ready", rpc: node.rpcUrl }));
