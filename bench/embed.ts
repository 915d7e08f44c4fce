/**
 * `npm run bench -- embed --embedder FOLDER`: how long the texts of a questionnaire take to embed,
 * one by one and in batches of about the same length, on the questions of the surveys that ship.
 * FOLDER holds all-MiniLM-L6-v2. One by one is measured on a part of the texts and scaled up.
 * Options: --texts N (3000), --threads N (the machine's cores). Prints the seconds of all texts in
 * batches and, last, how many times faster than one by one that is. Exit code 0 if they take at
 * most 60 s.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { DATASETS, loadDataset } from "@plenary/sdk";
import { openEngine, openTextEmbedder, type QuestionText } from "@plenary/training";

const GOAL_SECONDS = 60;
/** One text of this many is embedded alone. */
const ALONE = 10;

const { values } = parseArgs({
  options: {
    embedder: { type: "string" },
    texts: { type: "string", default: "3000" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const wanted = Number(values.texts);
const threads = Number(values.threads);
if (!Number.isInteger(wanted) || wanted < 100)
  throw new Error("--texts is a whole number from 100.");
if (!Number.isInteger(threads) || threads < 1) throw new Error("--threads is a positive integer.");
if (values.embedder === undefined) throw new Error("--embedder FOLDER names all-MiniLM-L6-v2.");

/** Questions with this many options in all: those that ship, and as asked in other years. */
async function questionsWith(texts: number): Promise<QuestionText[]> {
  const sets = await Promise.all(DATASETS.map((name) => loadDataset(name)));
  const shipped = sets.flatMap(({ questionnaire }) => questionnaire.questions);
  const questions: QuestionText[] = [];
  for (let left = texts, next = 0; left > 0; next++) {
    const { text, options } = shipped[next % shipped.length]!;
    const year = 2026 - Math.floor(next / shipped.length);
    const taken = options.slice(0, Math.max(left, 2));
    questions.push({ text: `In ${year}: ${text}`, options: taken });
    left -= taken.length;
  }
  return questions;
}

async function secondsOf(work: () => Promise<unknown>): Promise<{ wall: number; cpu: number }> {
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}

const questions = await questionsWith(wanted);
const texts = questions.flatMap(({ text, options }) =>
  options.map((option) => `${text} ${option}`),
);
const engine = await openEngine("native", { threads });
const { embedder: folder } = values;
const embedder = await openTextEmbedder({ folder, engine });

const sample = texts.filter((_, position) => position % ALONE === 0);
const alone = await secondsOf(async () => {
  for (const text of sample) await embedder.embed(text);
});
const scale = texts.length / sample.length;
const batched = await secondsOf(() => embedder.embedQuestions(questions));
await engine.close();

const line = (name: string, { wall, cpu }: typeof alone, factor: number) =>
  console.log(
    `${name.padEnd(12)}${(wall * factor).toFixed(1).padStart(8)} s${(cpu * factor).toFixed(1).padStart(8)} CPU s`,
  );
console.log(`${texts.length} texts of ${questions.length} questions, ${threads} threads`);
line("one by one", alone, scale);
line("in batches", batched, 1);
const reached = batched.wall <= GOAL_SECONDS;
console.log(
  `${batched.wall.toFixed(1)} s for ${texts.length} texts (goal: at most ${GOAL_SECONDS} s for 3000 on 2 cores)${reached ? "" : ": missed"}`,
);
console.log(`${((alone.wall * scale) / batched.wall).toFixed(2)} times as fast as one by one`);
process.exitCode = reached ? 0 : 1;
