import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OUTPUT, PACKAGES, ROOT } from "./packages.ts";

/**
 * Compiles what the packages' entries reach to `.js` and `.d.ts` below `folder`, at the paths that
 * the sources have in the repository. Held to ES2023, which Node 20 knows: a newer function in a
 * source is an error here. Throws with the compiler's output.
 */
export function compilePackages(folder: string): void {
  const project = join(OUTPUT, `tsconfig-${process.pid}.json`);
  writeFileSync(project, JSON.stringify(configuration(folder)));
  try {
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, "-p", project], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`The packages do not compile:\n${stdout}${stderr}`);
  } finally {
    rmSync(project);
  }
}

function configuration(folder: string): object {
  return {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: ROOT,
      outDir: folder,
      target: "es2022",
      lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
      // Found through node_modules, a package would pass for one that others compile.
      paths: { "@plenary/*": [join(ROOT, "clients/*/index.ts")] },
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
    include: [],
    files: PACKAGES.flatMap((one) =>
      one.entries.map((entry) => join(ROOT, "clients", one.folder, entry)),
    ),
  };
}
