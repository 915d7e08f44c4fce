export {
  type AddQuestions,
  addQuestions,
  type EmbedOptions,
  type QuestionsAdded,
  signQuestions,
} from "./add-questions.ts";
export {
  type ChooseGroups,
  chooseGroups,
  type GroupChoice,
  type GroupProfile,
} from "./choose-groups.ts";
export { listQuestions, type QuestionStanding } from "./list-questions.ts";
export { type QuestionToAdd, readNewQuestions } from "./new-questions.ts";
export { type Suggestion, type SuggestQuestions, suggestQuestions } from "./suggest-questions.ts";
