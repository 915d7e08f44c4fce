import "./thread-pool.ts";
import { runProcess } from "./run-process.ts";
import { startServer } from "./start-server.ts";

runProcess("aggregator", (log) => startServer(log));
