/**
 * `npm run bench -- import [MEGABYTES]`: memory and speed of `plenary data import`.
 *
 * Imports a CSV of 1 GB (or as many megabytes as the first argument says) and one of a tenth of
 * that size, each in a process of its own, and prints the peak memory of both. Ends with exit code
 * 0 only if the large one needs at most 1.25 times the memory of the small one.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { importFiles } from "@plenary/sdk";

const MEGABYTE = 1 << 20;
const QUESTIONS = 60;
const PARTIES = ["Left", "Centre", "Right"];
const OPTIONS = ["Very much", "Somewhat", "A little", "Not at all", "Refused"];
const LARGEST_RATIO = 1.25;

/** One megabyte of respondents, each with a number of its own, so that no row repeats. */
function block(number: number): string {
  const rows: string[] = [];
  for (let length = 0, i = 0; length < MEGABYTE; i += 1) {
    const draw = (at: number) => (number * 7919 + i * 104_729 + at * 15_485_863) >>> 7;
    const answers = Array.from({ length: QUESTIONS }, (_, question) =>
      draw(question) % 3 === 0 ? "" : OPTIONS[draw(question) % OPTIONS.length],
    );
    const weight = (0.5 + (draw(99) % 1000) / 1000).toFixed(3);
    const row = [`r${number}-${i}`, PARTIES[draw(1) % 3], 18 + (draw(2) % 70), weight, ...answers];
    rows.push(row.join());
    length += row.join().length + 1;
  }
  return `${rows.join("\n")}\n`;
}

async function generate(path: string, megabytes: number): Promise<void> {
  const file = createWriteStream(path);
  const questions = Array.from({ length: QUESTIONS }, (_, question) => `q${question}`);
  file.write(`${["id", "party", "age", "wt", ...questions].join()}\n`);
  const blocks = Array.from({ length: 8 }, (_, number) => block(number));
  for (let written = 0; written < megabytes; written += 1) {
    // The ids change from megabyte to megabyte: they must not be remembered.
    const text = blocks[written % blocks.length]!.replaceAll(/^r/gm, `r${written}-`);
    if (!file.write(text)) await once(file, "drain");
  }
  file.end();
  await finished(file);
}

interface Measured {
  readonly rows: number;
  readonly seconds: number;
  readonly peak: number;
}

/** What the process of its own does. */
async function measure(path: string): Promise<Measured> {
  const start = performance.now();
  const { answers, problems, summary } = await importFiles([path], {
    groupings: [["party", "age"]],
    bins: new Map([["age", [18, 30, 50, 65]]]),
    weight: "wt",
    missing: ["refused"],
    ignoreColumns: ["id"],
  });
  if (answers === null) throw new Error(JSON.stringify(problems));
  const seconds = (performance.now() - start) / 1000;
  return { rows: summary.files[0]!.rows, seconds, peak: process.resourceUsage().maxRSS / 1024 };
}

function measureInProcess(path: string): Measured {
  const self = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, [self, "--measure", path], { encoding: "utf8" });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout);
}

async function main(megabytes: number): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-import-"));
  try {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < (megabytes + 100) * MEGABYTE)
      throw new Error(`${folder} has no space for ${megabytes} MB: set TMPDIR to another folder.`);
    const path = join(folder, "export.csv");
    const peaks: number[] = [];
    for (const size of [Math.max(1, Math.round(megabytes / 10)), megabytes]) {
      await generate(path, size);
      const { rows, seconds, peak } = measureInProcess(path);
      peaks.push(peak);
      console.log(
        `${size} MB, ${rows} respondents: peak memory ${peak.toFixed(0)} MB, ${seconds.toFixed(1)} s, ${(size / seconds).toFixed(0)} MB/s`,
      );
    }
    const ratio = peaks[1]! / peaks[0]!;
    console.log(`peak memory of ${megabytes} MB over a tenth of it: ${ratio.toFixed(2)}`);
    return ratio <= LARGEST_RATIO;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const [first, path] = process.argv.slice(2);
if (first === "--measure") console.log(JSON.stringify(await measure(path!)));
else process.exitCode = (await main(Number(first ?? 1024))) ? 0 : 1;
