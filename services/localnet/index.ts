/** What others use of the node's folders without starting a node. */
export { type FolderLock, type LockNote, lockFolder } from "./ledger/folder-lock.ts";
