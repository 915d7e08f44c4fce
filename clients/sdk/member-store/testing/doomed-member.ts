/**
 * A process that uses a member's store until it kills itself with SIGKILL, before or after its n-th
 * call to the file system.
 * usage: doomed-member.ts FOLDER CALL before|after         prints what the store had acknowledged
 */
import { promises } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { IDENTITY, updateOf } from "./updates.ts";

const [folder = "", call = "", moment = ""] = process.argv.slice(2);
let calls = 0;

function step(): void {
  calls += 1;
  if (calls === Number(call)) process.kill(process.pid, "SIGKILL");
}

/** The real functions, with the kill before or after them. */
for (const name of ["open", "rename", "link", "mkdir", "rm", "readFile", "readdir"] as const) {
  const real: (...parameters: never[]) => Promise<unknown> = promises[name];
  Object.assign(promises, {
    [name]: async (...parameters: never[]) => {
      if (moment === "before") step();
      const result = await real(...parameters);
      if (moment === "after") step();
      return result;
    },
  });
}
syncBuiltinESMExports();

const { openMemberStore } = await import("../index.ts");
const store = await openMemberStore(folder, IDENTITY, new Uint8Array(32).fill(9));
for (const round of [1n, 2n]) {
  await store.prepare(updateOf(round, 1n));
  process.stdout.write(`prepared ${round}\n`);
  await store.acknowledge(round, {
    receipt: "AAAA",
    signature: "AAAA",
    aggregator: IDENTITY.member,
  });
  process.stdout.write(`acknowledged ${round}\n`);
  await store.settle(round, "counted");
  process.stdout.write(`settled ${round}\n`);
}
await store.close();
process.stdout.write(`done ${calls}\n`);
