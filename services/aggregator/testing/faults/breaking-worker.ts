import "../../processes/thread-pool.ts";
import { runProcess } from "../../processes/run-process.ts";
import { startWorker } from "../../processes/start-worker.ts";
import { cheatingWith, parseCheats } from "../actors/cheats.ts";
import { breakingServiceOf } from "./breaking-service.ts";

/*
 * The worker for crash tests: `node breaking-worker.ts PLAN [ROUND:CHEAT...]` breaks where the
 * fault plan says so, and cheats as cheating-worker.ts does.
 */

const [plan = "", ...cheats] = process.argv.slice(2);
runProcess("aggregator-worker", (log) =>
  startWorker(log, cheatingWith(parseCheats(cheats), breakingServiceOf(plan))),
);
