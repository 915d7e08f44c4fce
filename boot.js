/**
 * What every npm script calls: `node boot.js TASK [arguments]`.
 *
 * Makes a fresh clone runnable and hands over to the task's script: installs the packages that
 * the lockfile names if they are not there, and runs the script on Node 24, which npm delivers as
 * a package when the Node that runs this file is older. Plain JavaScript without dependencies,
 * here and in boot/, because it runs before there are any, on Node 20.
 */
import { BootError } from "./boot/boot-error.js";
import { handOver } from "./boot/hand-over.js";
import { findNode } from "./boot/node.js";
import { install } from "./boot/packages.js";
import { TASKS } from "./boot/tasks.js";

async function main() {
  const [task = "", ...args] = process.argv.slice(2);
  if (!Object.hasOwn(TASKS, task)) {
    throw new BootError(`Usage: node boot.js ${Object.keys(TASKS).join("|")} [arguments]`);
  }
  await install();
  handOver(findNode(), TASKS[task](args), task);
}

main().catch((error) => {
  console.error(error instanceof BootError ? error.message : error);
  process.exitCode = 1;
});
