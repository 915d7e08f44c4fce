import type { Questionnaire } from "@plenary/protocol";
import type { Mapping } from "./mapping.ts";

/** Columns whose values together make the groups: `["party", "age"]` makes party by age. */
export type Grouping = readonly string[];

/**
 * What the owner of an export says about it. Columns are named as the header names them, in any
 * case. Whatever is left out and cannot be read off the file is asked for.
 */
export interface ImportOptions {
  /** One row a respondent, or one row an answer. By default long if there are such columns. */
  readonly layout?: "wide" | "long" | undefined;
  /** Each grouping puts every respondent into one group. */
  readonly groupings?: readonly Grouping[] | undefined;
  /** All rows are of this group. */
  readonly groupName?: string | undefined;
  /** By column, where its bins start: `[18, 30, 65]` makes 18-29, 30-64 and 65+. */
  readonly bins?: ReadonlyMap<string, readonly number[]> | undefined;
  /** The weight of a respondent. */
  readonly weight?: string | undefined;
  /** For how many respondents a row stands. */
  readonly count?: string | undefined;
  /** Long: the share of a group that chose the option, from 0 to 1 or from 0 to 100. */
  readonly share?: string | undefined;
  /** Long: weighted numbers of respondents, which add up to whatever the weights do. */
  readonly weightedCount?: string | undefined;
  /** With shares or weighted counts: respondents of group and question, as column or number. */
  readonly respondents?: string | undefined;
  /** Answers that do not count, as code or label. */
  readonly missing?: readonly string[] | undefined;
  readonly ignoreColumns?: readonly string[] | undefined;
  /** Ignore every column that neither these options nor the mapping name. */
  readonly ignoreOthers?: boolean | undefined;
  /** Wide: the columns that are questions. By default all that are nothing else. */
  readonly questions?: readonly string[] | undefined;
  /** Columns (wide) or questions (long) whose numbers are the texts of options, not codes. */
  readonly keepCodes?: readonly string[] | undefined;
  /** Names that look the same are one name. */
  readonly mergeLookAlikes?: boolean | undefined;
  /** Long: counts of one option of a group and question add up. */
  readonly sumDuplicates?: boolean | undefined;
  /** Leave out answers of a group to a question with fewer respondents. By default 1. */
  readonly smallestCell?: number | undefined;
  readonly mapping?: Mapping | undefined;
  /** The questions that the answers must fit. By default they are found in the file. */
  readonly questionnaire?: Questionnaire | undefined;
}
