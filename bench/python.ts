/**
 * The Python of the other side of the benchmarks. `npm run bench -- python` prepares it and lists
 * what it has; the benchmarks call `preparePython` themselves.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ENVIRONMENT = join(ROOT, ".venv");
const REQUIREMENTS = {
  flower: "bench/requirements.txt",
  torch: "bench/requirements-torch.txt",
} as const;

/** What a benchmark compares with. */
export type OtherSide = keyof typeof REQUIREMENTS;

/** No usable Python, or its packages could not be installed. */
export class PythonUnavailable extends Error {
  readonly code = "python-unavailable";
}

/** One numeric thread and no telemetry: the environment in which the other side runs. */
export function pythonEnvironment(): Record<string, string> {
  return {
    ...definedEnvironment(),
    OMP_NUM_THREADS: "1",
    OPENBLAS_NUM_THREADS: "1",
    MKL_NUM_THREADS: "1",
    FLWR_TELEMETRY_ENABLED: "0",
    PYTHONUNBUFFERED: "1",
  };
}

/**
 * Path of a Python with the packages of one other side: the one that PLENARY_BENCH_PYTHON names,
 * unchanged, or a virtual environment (.venv) into which the pinned versions are installed once.
 * Throws PythonUnavailable saying what to do.
 */
export async function preparePython(side: OtherSide): Promise<string> {
  const given = process.env.PLENARY_BENCH_PYTHON;
  if (given !== undefined && given !== "") return given;
  const python = join(
    ENVIRONMENT,
    process.platform === "win32" ? "Scripts/python.exe" : "bin/python",
  );
  const file = REQUIREMENTS[side];
  const wanted = createHash("sha256")
    .update(await readFile(join(ROOT, file)))
    .digest("hex");
  const stamp = join(ENVIRONMENT, `.installed-${side}`);
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return python;
  if (!existsSync(python)) await run(["python3", "-m", "venv", ENVIRONMENT]);
  process.stderr.write(`Installing ${file} into ${ENVIRONMENT} (once)\n`);
  await run([
    python,
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "-r",
    join(ROOT, file),
  ]);
  await writeFile(stamp, wanted);
  return python;
}

function definedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}

/** Runs a command, its output on standard error. */
function run([command = "", ...args]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (how: string) =>
      reject(
        new PythonUnavailable(
          `${command} ${args.join(" ")} ${how}. The benchmark needs Python 3.10 or newer with venv, and PyPI; or name a Python that has the packages of bench/requirements*.txt in PLENARY_BENCH_PYTHON.`,
        ),
      );
    const child = spawn(command, args, { stdio: ["ignore", 2, 2] });
    child.on("error", (error) => fail(`could not be run (${error.message})`));
    child.on("exit", (code) => (code === 0 ? resolve() : fail(`failed with code ${code}`)));
  });
}

/**
 * Prepares what the command line names (flower, unless `--torch` asks for both) and lists the
 * versions.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { torch: { type: "boolean", default: false } } });
  const python = await preparePython("flower");
  if (values.torch) await preparePython("torch");
  const listed = `import importlib.metadata as m, platform
print(platform.python_implementation(), platform.python_version())
for name in ("flwr", "grpcio", "numpy", "torch"):
    try: print(name, m.version(name))
    except m.PackageNotFoundError: print(name, "is not installed")`;
  const child = spawn(python, ["-c", listed], { stdio: ["ignore", "inherit", "inherit"] });
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}

if (import.meta.main) await main();
