import "./thread-pool.ts";
import { runProcess } from "./run-process.ts";
import { startWorker } from "./start-worker.ts";

runProcess("aggregator-worker", (log) => startWorker(log));
