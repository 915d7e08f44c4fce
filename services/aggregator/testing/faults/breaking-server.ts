import "../../processes/thread-pool.ts";
import { runProcess } from "../../processes/run-process.ts";
import { startServer } from "../../processes/start-server.ts";
import { breakingServiceOf } from "./breaking-service.ts";

/*
 * The server for crash tests: `node breaking-server.ts PLAN` breaks where the fault plan says so.
 */

const [plan = ""] = process.argv.slice(2);
runProcess("aggregator", (log) => startServer(log, { open: breakingServiceOf(plan) }));
