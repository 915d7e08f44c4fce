import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { MemberSettings, MemberTimes } from "./member.ts";

const SCRIPT = fileURLToPath(new URL("./member.ts", import.meta.url));

/** The members' processes. */
export interface MemberProcesses {
  /**
   * Lets all take part in the open round of the federation at that place of their memberships;
   * resolves when all have their receipts.
   */
  takePart(membership: number): Promise<MemberTimes[]>;
  stop(): void;
}

/**
 * Starts one process per member; resolves when all have their updates and have reached the service.
 */
export async function startMembers(settings: readonly MemberSettings[]): Promise<MemberProcesses> {
  const children = settings.map((one) => fork(SCRIPT, [JSON.stringify(one)], { execArgv: [] }));
  await Promise.all(children.map((child) => answerOf(child, "ready")));
  return {
    takePart: (membership) =>
      Promise.all(
        children.map(async (child) => {
          const answer = answerOf(child, "times");
          child.send(membership);
          // Written by member.ts of this folder.
          return (await answer) as MemberTimes;
        }),
      ),
    stop: () => {
      for (const child of children) child.disconnect();
    },
  };
}

function answerOf(child: ChildProcess, field: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`A member's process ended with code ${code}.`));
    child.once("exit", onExit);
    child.once("message", (message: unknown) => {
      child.off("exit", onExit);
      const fields = typeof message === "object" && message !== null ? Object.entries(message) : [];
      const found = fields.find(([name]) => name === field);
      if (found !== undefined) resolve(found[1]);
      else reject(new Error(`A member failed: ${JSON.stringify(message)}`));
    });
  });
}
