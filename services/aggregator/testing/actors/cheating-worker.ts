import "../../processes/thread-pool.ts";
import { runProcess } from "../../processes/run-process.ts";
import { startWorker } from "../../processes/start-worker.ts";
import { cheatingWith, parseCheats } from "./cheats.ts";

/*
 * A worker that cheats, for tests of what must find out: `node cheating-worker.ts ROUND:CHEAT...`,
 * with the cheats of cheats.ts.
 */

runProcess("cheating-worker", (log) =>
  startWorker(log, cheatingWith(parseCheats(process.argv.slice(2)))),
);
