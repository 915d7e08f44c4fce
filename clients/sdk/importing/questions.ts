import { quotedText } from "@plenary/protocol";
import type { TableColumn } from "../tables/index.ts";
import { missingTest, sameName } from "./group-rule.ts";
import type { ImportOptions } from "./import-options.ts";
import { columnKey } from "./mapping.ts";
import type { Problems } from "./problems.ts";
import { type QuestionDefinition, QuestionTally } from "./question-tally.ts";

const MOST_QUESTIONS = 100_000;

/** The questions of all files, by id. */
export class Questions {
  readonly found = new Map<string, QuestionTally>();
  readonly #options: ImportOptions;
  readonly #problems: Problems;
  readonly #missing: (text: string) => boolean;

  constructor(options: ImportOptions, problems: Problems) {
    this.#options = options;
    this.#problems = problems;
    this.#missing = missingTest(options.missing ?? []);
  }

  /**
   * The tally of the question that a column holds (wide) or that a row names (long). Null, and a
   * problem, if there is no such question.
   */
  tallyOf(name: string, line: number, column?: TableColumn): QuestionTally | null {
    const definition = this.#definitionOf(name, line, column);
    if (definition === null) return null;
    const key = columnKey(definition.id);
    const known = this.found.get(key);
    if (known !== undefined) return known;
    if (this.found.size >= MOST_QUESTIONS) {
      const message = `Are these questions? There are more than ${MOST_QUESTIONS}.`;
      this.#problems.add({ line, column: null, message });
      return null;
    }
    const tally = new QuestionTally(definition, this.#rulesOf(definition, column), this.#problems);
    this.found.set(key, tally);
    return tally;
  }

  #definitionOf(name: string, line: number, column?: TableColumn): QuestionDefinition | null {
    const { mapping, questionnaire, keepCodes = [] } = this.#options;
    const mapped = mapping?.get(columnKey(name));
    const id = mapped?.id ?? name;
    const asked = questionnaire?.questions.find((question) => sameName(question.id, id));
    if (id.length > 128 || (questionnaire !== undefined && asked === undefined)) {
      const what =
        id.length > 128
          ? `${quotedText(id)} is longer than the 128 characters of a question's id: the mapping may give an id, and this as text.`
          : `Which question of the questionnaire is ${quotedText(id)}? It has no such id.`;
      this.#problems.add({ line, column: name, message: what, remedy: "map-question" });
      return null;
    }
    const options = mapped?.options ?? asked?.options ?? null;
    return {
      id: asked?.id ?? id,
      text: mapped?.text ?? asked?.text ?? column?.label ?? name,
      family: mapped?.family ?? asked?.family ?? asked?.id ?? id,
      column: name,
      labels: mapped?.labels ?? (options === null ? (column?.valueLabels ?? null) : null),
      options,
      keepCodes: keepCodes.some((kept) => sameName(kept, name)),
    };
  }

  #rulesOf({ column, labels }: QuestionDefinition, table?: TableColumn) {
    const own = missingTest([
      ...(this.#options.mapping?.get(columnKey(column))?.missing ?? []),
      ...(table?.missingCodes ?? []),
    ]);
    return {
      column,
      mergeLookAlikes: this.#options.mergeLookAlikes === true,
      isMissing: (text: string, code: string | null) =>
        [text, code, labels?.get(code ?? text)].some(
          (form) => form != null && (this.#missing(form) || own(form)),
        ),
    };
  }
}
