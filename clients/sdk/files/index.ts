export {
  createPrivately,
  isTemporary,
  makeFolder,
  readIfThere,
  writeDurably,
} from "./durable-file.ts";
export { fileError, readBytes, systemCode } from "./files.ts";
export { lockFolder, type Unlock } from "./folder-lock.ts";
export { createKeypair, readKeypair } from "./keypair-file.ts";
