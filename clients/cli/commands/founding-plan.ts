import { strategies } from "@plenary/algorithms";
import {
  type AnswerSet,
  PlenaryError,
  type PluginConfiguration,
  parseAudits,
} from "@plenary/protocol";
import {
  type ConfigurationSections,
  type Dataset,
  type FederationPlan,
  loadDataset,
  loadQuestionnaire,
  matchGroups,
  type PlannedFederation,
  planFederation,
  readAnswers,
} from "@plenary/sdk";
import { readJson } from "../json-file.ts";
import type { Tokens } from "../tokens.ts";

/** The options that make up a configuration. One that is undefined was not given. */
export interface PlanFlags {
  readonly configuration?: string;
  readonly dataset?: string;
  readonly split?: number;
  readonly questionnaire?: string;
  readonly heldOut?: string;
  readonly unseen?: readonly string[];
  readonly name?: string;
  readonly seed: number;
  readonly predictor?: string;
  readonly training?: string;
  readonly strategy?: string;
  readonly momentum?: number;
  readonly codec?: readonly string[];
  readonly pipeline?: string;
  readonly maxNorm?: number;
  readonly pay?: string;
  /** In tokens. */
  readonly reward?: string;
  readonly quorum?: number;
  readonly minimum?: number;
  readonly rounds?: number;
  readonly collect?: number;
  readonly deadline?: number;
  readonly grace?: number;
  readonly maxUpdates?: number;
  readonly maxWeight?: number;
  readonly audits?: string;
  readonly private?: boolean;
}

/** A plan, and the parts that help to describe it. */
export interface FoundingPlan {
  readonly plan: PlannedFederation;
  readonly questionnaire: FederationPlan["dataset"]["questionnaire"];
  readonly heldOut: AnswerSet | null;
}

/**
 * Reads the files that options name, and makes the plan. Throws `invalid-input` and file errors.
 */
export async function foundingPlan(flags: PlanFlags, tokens: Tokens): Promise<FoundingPlan> {
  // The plan checks the form.
  const configuration =
    flags.configuration === undefined
      ? undefined
      : ((await readJson(flags.configuration, "the configuration")) as ConfigurationSections);
  const { dataset, heldOut } = await publicData(flags);
  const { questionnaire } = dataset;
  const audits = flags.audits && parseAudits(await jsonOf(flags.audits, "the audits"));
  const plan = planFederation({
    configuration,
    name: flags.name ?? configuration?.name ?? questionnaire.title.slice(0, 128),
    dataset,
    heldOut,
    seed: flags.seed,
    quorum: flags.quorum,
    ...(flags.private && { private: true }),
    ...(await pluginsOf(flags)),
    ...(flags.maxNorm !== undefined && { maxNorm: flags.maxNorm }),
    ...(flags.reward !== undefined && { rewardPerRound: tokens.units(flags.reward) }),
    ...(audits && { audits }),
    rounds: given({
      minimum: flags.minimum,
      total: flags.rounds,
      collectSeconds: flags.collect,
      deadlineSeconds: flags.deadline,
      graceSeconds: flags.grace,
    }),
    limits: given({ maxUpdates: flags.maxUpdates, maxWeight: flags.maxWeight }),
  });
  return { plan, questionnaire, heldOut };
}

async function pluginsOf(flags: PlanFlags): Promise<Partial<FederationPlan>> {
  const { predictor, training, pipeline, pay } = flags;
  const codecs = flags.codec && (await Promise.all(flags.codec.map((one) => plugin(one, "codec"))));
  return {
    ...(predictor && { predictor: await plugin(predictor, "predictor") }),
    ...(training && { training: (await jsonOf(training, "the training settings")) as object }),
    ...(flags.strategy && { strategy: strategyOf(flags.strategy, flags.momentum) }),
    ...(codecs && { codecs }),
    ...(pipeline && {
      pipeline: (await jsonOf(pipeline, "the pipeline")) as PluginConfiguration[],
    }),
    ...(pay && { contribution: await plugin(pay, "measure of contribution") }),
  } as Partial<FederationPlan>;
}

/** The questionnaire, and the answers that everybody may read. */
async function publicData(
  flags: PlanFlags,
): Promise<{ dataset: FederationPlan["dataset"]; heldOut: AnswerSet | null }> {
  const { questionnaire, dataset, heldOut, unseen } = flags;
  if (questionnaire !== undefined) {
    if (dataset !== undefined)
      throw wrong("dataset", "Give --dataset or --questionnaire, not both.");
    const loaded = await loadQuestionnaire(questionnaire);
    const answers = heldOut && (await readAnswers(heldOut, loaded.questionnaire));
    return { dataset: loaded, heldOut: answers ? onlyGroups(answers, unseen) : null };
  }
  const loaded = await loadDataset(dataset ?? DEFAULT_DATASET);
  if (heldOut !== undefined)
    return {
      dataset: loaded,
      heldOut: onlyGroups(await readAnswers(heldOut, loaded.questionnaire), unseen),
    };
  return { dataset: loaded, heldOut: loaded.answersOf(unseenOf(loaded, flags)) };
}

export const DEFAULT_DATASET = "us-opinion";
export const DEFAULT_SPLIT = 7;

function unseenOf(dataset: Dataset, { unseen, split }: PlanFlags): readonly string[] {
  return unseen === undefined
    ? dataset.split(split ?? DEFAULT_SPLIT).unseen
    : dataset.splitOff(unseen).unseen;
}

function onlyGroups(answers: AnswerSet, unseen: readonly string[] | undefined): AnswerSet {
  if (unseen === undefined) return answers;
  const ids = answers.groups.map(({ id }) => id);
  const { found, unknown } = matchGroups(ids, unseen);
  if (unknown !== null)
    throw wrong(
      "unseen",
      `The held-out answers have no group ${unknown}: they have ${ids.join(", ")}.`,
    );
  return { ...answers, groups: found.map((id) => answers.groups[ids.indexOf(id)]!) };
}

/** The strategy that is asked for, with the momentum if it takes one. */
function strategyOf(strategy: string, momentum = 58_982): PluginConfiguration {
  const known = strategies[strategy as keyof typeof strategies];
  const takesMomentum = known !== undefined && "momentum" in known.schema.properties;
  return { name: strategy, ...(takesMomentum && { momentum }) };
}

/** A plug-in by its name alone, as JSON, or in a file. */
async function plugin(text: string, what: string): Promise<PluginConfiguration> {
  if (/^[a-z0-9-]+$/.test(text)) return { name: text };
  return (await jsonOf(text, `the ${what}`)) as PluginConfiguration;
}

/** JSON on the command line, or the file that holds it. What it says is checked by the plan. */
async function jsonOf(text: string, what: string): Promise<unknown> {
  if (!/^\s*[[{]/.test(text)) return readJson(text, what);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlenaryError("invalid-input", `${what} are not valid JSON: ${text}`, {}, { cause });
  }
}

function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

function wrong(field: string, message: string): PlenaryError {
  return new PlenaryError("invalid-input", message, { field });
}
