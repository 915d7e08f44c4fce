export { type ListenWish, readStackConfig, type StackConfig } from "./config.ts";
export { type DatabaseSettings, openDatabase } from "./database/postgres.ts";
export { LocalStackError, type LocalStackErrorCode, systemCode } from "./errors.ts";
export { type Home, openHome, replaceFile } from "./home.ts";
export { keepKeypair, keypairFile } from "./keys.ts";
export { openQueue, type QueueSettings } from "./queue/redis.ts";
export { nodeProcess, type Stack, type StackSettings, startStack } from "./stack.ts";
export { Ports, type PortWish } from "./supervisor/ports.ts";
export {
  type ProcessDescription,
  type SupervisedProcess,
  Supervisor,
} from "./supervisor/processes.ts";
