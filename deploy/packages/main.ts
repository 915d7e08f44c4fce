/**
 * `npm run package`: builds the tarballs that members install into dist/.
 *
 * With `-- --release`, everything a release needs except publishing: see release.ts.
 */
import { relative } from "node:path";
import { packPackages } from "./pack.ts";
import { prepareRelease } from "./release.ts";

const isRelease = process.argv.includes("--release");
const tarballs = isRelease ? prepareRelease() : packPackages();
console.log(tarballs.map((path) => relative(process.cwd(), path)).join("\n"));
