/**
 * Writes clients/chain/generated from the IDL that is committed with the program. `--check` writes
 * nothing and fails if the committed files differ from what the IDL gives.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "./idl/generated-files.ts";

const FOLDER = join(import.meta.dirname, "generated");
const IDL_FILE = join(import.meta.dirname, "../../programs/plenary.json");

mkdirSync(FOLDER, { recursive: true });
for (const [name, wanted] of generatedFiles(JSON.parse(readFileSync(IDL_FILE, "utf8")))) {
  const path = join(FOLDER, name);
  if (!process.argv.includes("--check")) {
    writeFileSync(path, wanted);
  } else if (!existsSync(path) || readFileSync(path, "utf8") !== wanted) {
    console.error(`clients/chain/generated/${name} differs from the IDL: run \`npm run build\`.`);
    process.exitCode = 1;
  }
}
