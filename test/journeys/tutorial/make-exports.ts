/**
 * Makes the exports of docs/founding: what three institutes' programs might write, one row a
 * respondent with coded answers, drawn from the shares of the survey us-opinion, which ships. Run
 * this file to write them again; a test compares.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type GroupAnswers, type RandomStream, randomStream } from "@plenary/protocol";
import { loadDataset } from "@plenary/sdk";

const FOLDER = resolve(import.meta.dirname, "../../../docs/founding");
const RESPONDENTS = 40;
const QUESTIONS = 24;
/** The code for "no answer", which one cell in twelve has. */
const REFUSED = 99;
const GROUPS = {
  north: ["dem_18-34_noba", "ind_35-54_noba"],
  south: ["rep_55+_noba", "rep_35-54_ba"],
  public: ["dem_55+_ba", "ind_55+_noba"],
} as const;

/** Content by file name. */
export async function tutorialFiles(): Promise<ReadonlyMap<string, string>> {
  const { questionnaire, answersOf } = await loadDataset("us-opinion");
  const families = new Map(questionnaire.questions.map((question) => [question.family, question]));
  const questions = [...families.values()]
    .filter(({ options, text }) => options.length <= 4 && text.length < 120)
    .slice(0, QUESTIONS);
  const columns = questions.map((_, i) => `Q${i + 1}`);
  const codebook = questions.map(({ text, options }, i) => ({
    column: columns[i],
    text,
    options: Object.fromEntries(options.map((option, code) => [String(code + 1), option])),
  }));
  const files = new Map([["codebook.json", `${JSON.stringify({ columns: codebook }, null, 2)}\n`]]);
  const header = ["respondent", "party", "age", "education", "weight", ...columns].join(",");
  const ids = questions.map(({ id }) => id);
  for (const [name, groups] of Object.entries(GROUPS)) {
    const random = randomStream(7, "tutorial", name);
    const rows = answersOf(groups).groups.flatMap((group) => rowsOf(group, ids, random));
    const numbered = rows.map((row, i) => `${i + 1},${row}`);
    files.set(`${name}.csv`, `${[header, ...numbered].join("\n")}\n`);
  }
  return files;
}

function rowsOf({ id, answers }: GroupAnswers, ids: readonly string[], random: RandomStream) {
  const [party, age, education] = id.split("_");
  return Array.from({ length: RESPONDENTS }, () => {
    const weight = (random.between(50, 150) / 100).toFixed(2);
    const codes = ids.map((question) => {
      const counts = answers.find((answer) => answer.question === question)?.counts;
      return counts === undefined || random.between(1, 12) === 1 ? REFUSED : draw(counts, random);
    });
    return [party, age, education, weight, ...codes].join(",");
  });
}

/** A code from 1, by the shares. */
function draw(counts: readonly number[], random: RandomStream): number {
  let left = random.between(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  return (
    1 +
    counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    })
  );
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, content] of await tutorialFiles()) writeFileSync(join(FOLDER, name), content);
}
