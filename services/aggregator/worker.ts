import "./thread-pool.ts";
import { runProcess } from "./process.ts";
import { startWorker } from "./start-worker.ts";

runProcess("aggregator-worker", startWorker);
