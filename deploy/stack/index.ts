export { type ListenWish, readStackConfig, type StackConfig } from "./config.ts";
export { type DatabaseSettings, openDatabase } from "./database/postgres.ts";
export { memberEnvironment } from "./environment.ts";
export { LocalStackError, type LocalStackErrorCode, systemCode } from "./errors.ts";
export { type Home, openHome, replaceFile } from "./home.ts";
export { keepKeypair, keypairFile } from "./keys.ts";
export { Ports, type PortWish } from "./network/ports.ts";
export { type NodeProcessSettings, nodeProcess } from "./node-process.ts";
export { openQueue, type QueueSettings } from "./queue/redis.ts";
export { type Stack, type StackSettings, startStack } from "./stack.ts";
export type {
  ProcessDescription,
  ProcessEnd,
  SupervisedProcess,
} from "./supervisor/process-description.ts";
export { Supervisor } from "./supervisor/supervisor.ts";
