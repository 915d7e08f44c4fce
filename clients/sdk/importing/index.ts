export type { ImportOptions } from "./import-options.ts";
export { type FoundQuestion, Importer, type ImportResult } from "./importer.ts";
export { type Mapping, readMapping } from "./mapping.ts";
export type { ImportProblem } from "./problems.ts";
export type { ImportSummary } from "./summary.ts";
export { answersCsv, questionsJson } from "./write-answers.ts";
