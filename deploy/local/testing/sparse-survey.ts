import { writeFileSync } from "node:fs";
import { encodeEmbeddings, randomStream } from "@plenary/protocol";

/** A survey of an institute's own kind: many questions, of which each group answers a few. */
export interface SparseSurvey {
  readonly questions: number;
  /** Ids of all groups. */
  readonly groups: readonly string[];
  /** Probability that a group answers a question. */
  readonly density: number;
}

const OPTIONS = ["Agree", "Neither", "Disagree"];
const DIMENSION = 8;

/** Writes such a data set to `<stem>.json` and `<stem>.emb.i8`; the same survey, the same bytes. */
export function writeSparseSurvey(stem: string, survey: SparseSurvey): void {
  const { questions, groups, density } = survey;
  const random = randomStream(1, "sparse-survey");
  const between = (least: number, most: number) => random.between(least, most);
  const distributions = Array.from({ length: questions }, (_, question) =>
    groups.flatMap((_, group) => {
      if (between(1, 1_000) > 1_000 * density) return [];
      const counts = OPTIONS.map((_, option) => between(1, 20) + ((question + group + option) % 5));
      return [[question, group, counts.reduce((sum, count) => sum + count, 0), counts]];
    }),
  ).flat();
  const source = {
    name: "sparse",
    title: "A sparse survey",
    source: "generated",
    citation: "",
    licence: "CC0",
    questions: Array.from({ length: questions }, (_, question) => ({
      id: `q${question}`,
      text: `Is matter ${question} of concern?`,
      options: OPTIONS,
      family: `q${question}`,
    })),
    groups: groups.map((id) => ({ id, label: id })),
    distributions,
  };
  const rows = questions * OPTIONS.length;
  const matrix = Float32Array.from({ length: rows * DIMENSION }, () => between(-100, 100) / 100);
  writeFileSync(`${stem}.json`, JSON.stringify(source));
  writeFileSync(`${stem}.emb.i8`, encodeEmbeddings(matrix, DIMENSION));
}
