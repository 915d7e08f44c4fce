import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compilePackages } from "./compile.ts";
import { manifestOf, OUTPUT, PACKAGES } from "./packages.ts";
import { stagePackage } from "./stage.ts";

/**
 * Compiles, stages and packs every package; answers the tarballs' paths below `folder` in the order
 * of PACKAGES. The API reference of each, which its tarball holds too, is written to `folder`/api.
 * Throws with the output of the tool that failed.
 */
export function packPackages(folder = OUTPUT): readonly string[] {
  mkdirSync(OUTPUT, { recursive: true });
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(OUTPUT, "build-"));
  try {
    compilePackages(join(scratch, "compiled"));
    const staged = PACKAGES.map((one) => {
      const target = join(scratch, one.folder);
      stagePackage(one, join(scratch, "compiled"), target);
      for (const path of Object.values(manifestOf(one.folder).bin ?? {})) {
        chmodSync(join(target, path), 0o755);
      }
      return target;
    });
    for (const [index, target] of staged.entries()) copyReference(index, target, folder);
    npmPack(staged, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return PACKAGES.map((one) => tarballOf(one.folder, folder));
}

function copyReference(index: number, staged: string, folder: string): void {
  const reference = join(staged, "API.md");
  if (!existsSync(reference)) return;
  cpSync(reference, join(folder, "api", `${PACKAGES[index]?.folder}.md`));
}

function tarballOf(name: string, folder: string): string {
  const path = join(folder, `plenary-${name}-${manifestOf(name).version}.tgz`);
  if (!existsSync(path)) throw new Error(`npm pack did not write ${path}.`);
  return path;
}

function npmPack(folders: readonly string[], target: string): void {
  const args = ["pack", "--ignore-scripts", "--pack-destination", target, ...folders];
  const shell = process.platform === "win32";
  const { status, stdout, stderr } = spawnSync("npm", args, { encoding: "utf8", shell });
  if (status !== 0) throw new Error(`npm pack failed:\n${stdout}${stderr}`);
}
