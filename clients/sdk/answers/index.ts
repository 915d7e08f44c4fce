export type { AnswersProblem } from "./answer-rows.ts";
export {
  type AnswersFormat,
  type CheckedAnswers,
  checkAnswers,
  checkAnswersFile,
  formatOf,
  type ReadAnswersOptions,
  readAnswers,
} from "./answers-file.ts";
export { DATASETS, type Dataset, loadDataset } from "./dataset.ts";
export type { DatasetSource } from "./dataset-source.ts";
export { dealGroups, type GroupSplit, matchGroups, splitByName } from "./group-split.ts";
export { importFiles } from "./import-files.ts";
export { loadQuestionnaire } from "./questionnaire-file.ts";
