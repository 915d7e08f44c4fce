export { type CreateDataset, type CreatedDataset, createDataset } from "./create-dataset.ts";
export { readQuestions } from "./question-file.ts";
