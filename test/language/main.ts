/** Prints the findings below the given paths, and ends with code 1 if there are any. */
import { findingsBelow } from "./tree.ts";

const found = findingsBelow(process.argv.slice(2));
for (const { path, findings } of found) {
  for (const { line, habit, text, instead } of findings) {
    console.log(`${path}:${line}  ${habit} -> ${instead}\n    ${text}`);
  }
}
console.log(`${found.reduce((sum, { findings }) => sum + findings.length, 0)} findings`);
process.exitCode = found.length > 0 ? 1 : 0;
