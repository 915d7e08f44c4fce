import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from "node:fs/promises";

/** A file that is being written. */
export interface OpenFile {
  /** Appends bytes. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Resolves when what was written survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * What the folder of blobs needs of a file system. Calls throw the errors that Node's own calls
 * throw.
 */
export interface Files {
  /** Makes the folders above it, too. Nothing happens if it exists. */
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<string[]>;
  stat(path: string): Promise<{ readonly size: number; readonly mtimeMs: number }>;
  read(path: string): Promise<Uint8Array>;
  /** Throws if a file of that name exists. */
  create(path: string): Promise<OpenFile>;
  /** Replaces the file that has the new name, atomically. */
  rename(from: string, to: string): Promise<void>;
  /** Resolves when the names in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
  /** Nothing happens if the file does not exist. */
  remove(path: string): Promise<void>;
}

export const nodeFiles: Files = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  list: (folder) => readdir(folder),
  stat: (path) => stat(path),
  read: (path) => readFile(path),
  async create(path) {
    const file = await open(path, "wx");
    return {
      write: (chunks) => writeAll(file, chunks),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename: (from, to) => rename(from, to),
  async syncFolder(path) {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  remove: (path) => rm(path, { force: true }),
};

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  if (size === 0) return;
  const { bytesWritten } = await file.writev([...chunks]);
  if (bytesWritten === size) return;
  // A disk that is nearly full takes part of it. The rest then fails with the reason.
  await file.appendFile(Buffer.concat(chunks).subarray(bytesWritten));
}
