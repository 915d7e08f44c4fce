/*
 * By hand, although proper-lockfile locks folders too: it takes a lock that was not touched for
 * some seconds for left behind, so that the member of a suspended laptop would lose its folder to
 * another process and sign a sequence twice, and a member that was killed would wait before it can
 * start.
 */
import { readFileSync } from "node:fs";
import { link, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PlenaryError } from "@plenary/protocol";
import { fileError, systemCode } from "./files.ts";

/** Releases the folder. */
export type Unlock = () => Promise<void>;

/**
 * Takes a folder for this process: two processes of one member could sign two envelopes with one
 * sequence. A lock whose process has ended is taken over. Throws `conflict`, naming the process
 * that holds the lock.
 */
export async function lockFolder(folder: string): Promise<Unlock> {
  const path = join(folder, "lock");
  const mine = `${process.pid} ${startOf(process.pid)}\n`;
  const proposal = join(folder, `lock.${process.pid}`);
  await writeProposal(proposal, mine);
  try {
    // A link appears with its content, so a lock is never read half written.
    while (!(await linked(proposal, path))) await removeIfLeft(path, folder);
  } finally {
    await rm(proposal, { force: true });
  }
  return () => rm(path, { force: true });
}

async function writeProposal(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, "w", 0o600);
    await file.writeFile(text);
    await file.close();
  } catch (cause) {
    throw fileError(path, "Cannot write into the state folder", cause);
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (cause) {
    if (systemCode(cause) === "EEXIST") return false;
    throw fileError(to, "Cannot lock the state folder", cause);
  }
}

/** Removes a lock whose process is gone; throws if the process runs. */
async function removeIfLeft(path: string, folder: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => "");
  const [pid = "", start = ""] = text.trim().split(" ");
  if (pid !== "" && isRunning(Number(pid)) && startOf(Number(pid)) === start)
    throw new PlenaryError(
      "conflict",
      `The state folder ${folder} is in use by process ${pid}. Stop it, or choose another folder.`,
      { folder, process: Number(pid) },
    );
  await takeAway(path, text);
}

/** Removes the lock that was read, and not one that another process has made since. */
async function takeAway(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}.left`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return;
    throw fileError(path, "Cannot unlock the state folder", cause);
  }
  if ((await readFile(aside, "utf8")) !== text) await linked(aside, path);
  await rm(aside, { force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process exists and belongs to somebody else.
    return systemCode(error) === "EPERM";
  }
}

/**
 * When a process began, if the system tells. A process id that is used again is another process.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
