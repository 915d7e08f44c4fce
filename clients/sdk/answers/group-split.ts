import {
  type AnswerSet,
  canonicalText,
  PlenaryError,
  quotedText,
  sha256,
  toHex,
} from "@plenary/protocol";
import Type, { type Static } from "typebox";

export const GroupSplitSchema = Type.Object({
  training: Type.Array(Type.String()),
  unseen: Type.Array(Type.String()),
});

/** The groups that train, and the groups that no member holds. */
export type GroupSplit = Static<typeof GroupSplitSchema>;

/** Answers that a group needs to take part: one to show to the predictor, and one to ask for. */
export const FEWEST_ANSWERS = 2;
/** Answers with which a group shows a full context, as in PluralLLM; with fewer it shows half. */
const ENOUGH_ANSWERS = 20;

/**
 * Orders the groups by a hash of number and id, and lets two thirds of them train. Groups with
 * fewer than 20 answers are left out; only where fewer than two groups have as many, those with two
 * answers or more count, since training and evaluation show half of what there is. Throws
 * `invalid-input` where fewer than two groups have two answers.
 */
export function splitByHash(answers: AnswerSet, number: number): GroupSplit {
  const key = (id: string) =>
    toHex(sha256(new TextEncoder().encode(`plenary/split/1\n${number}\n${id}`)));
  const ids = splittableGroups(answers).toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const training = Math.min(Math.round((ids.length * 2) / 3), ids.length - 1);
  return { training: ids.slice(0, training), unseen: ids.slice(training) };
}

/**
 * The split whose unseen groups are named; the others with two answers or more train. Throws
 * `invalid-input` naming the group that does not exist, is named twice, or has too few answers.
 */
export function splitByName(answers: AnswerSet, unseen: readonly string[]): GroupSplit {
  const ids = answers.groups.map(({ id }) => id);
  const { found, unknown } = matchGroups(ids, unseen);
  if (unknown !== null) throw refused(unknown, `does not exist: ${listed(ids)}`);
  const chosen = new Set(found);
  for (const [position, id] of found.entries()) {
    if (found.indexOf(id) < position) throw refused(id, "is named twice");
    const size = answers.groups[ids.indexOf(id)]!.answers.length;
    if (size < FEWEST_ANSWERS)
      throw refused(id, `has ${size} answer, and evaluation needs two: one to show and one to ask`);
  }
  const training = answers.groups.filter(
    (group) => group.answers.length >= FEWEST_ANSWERS && !chosen.has(group.id),
  );
  return { training: training.map(({ id }) => id), unseen: [...found] };
}

/** The groups that a list of names means, or the first name that means none. */
export interface MatchedGroups {
  readonly found: readonly string[];
  readonly unknown: string | null;
}

/**
 * Finds groups by their names as they look. A list that was separated at commas may hold the parts
 * of an id with a comma, such as `rep, 18-29`: parts that together are an id mean that group.
 */
export function matchGroups(ids: readonly string[], names: readonly string[]): MatchedGroups {
  const form = (text: string) => canonicalText(text).replaceAll(/ ?, ?/g, ",");
  const known = new Map(ids.map((id) => [form(id), id]));
  const found: string[] = [];
  for (let next = 0; next < names.length; ) {
    const ends = names.slice(next).map((_, more) => names.length - more);
    const end = ends.find((until) => known.has(form(names.slice(next, until).join(","))));
    if (end === undefined) return { found, unknown: names[next]! };
    found.push(known.get(form(names.slice(next, end).join(",")))!);
    next = end;
  }
  return { found, unknown: null };
}

function refused(group: string, problem: string): PlenaryError {
  const message = `The unseen group ${quotedText(group)} ${problem}.`;
  return new PlenaryError("invalid-input", message, { field: "unseen", group });
}

/**
 * Deals groups out to clients as evenly as possible, in order: client i gets the groups i, i +
 * clients, ... Throws `invalid-input` if there are more clients than groups, because a client
 * without a group has nothing to train on.
 */
export function dealGroups(groups: readonly string[], clients: number): string[][] {
  if (groups.length === 0)
    throw new PlenaryError(
      "invalid-input",
      "No group is left to train: all of the data set's groups are unseen, or have fewer than two answers. Name fewer unseen groups.",
      { field: "unseen", clients, groups: 0 },
    );
  if (!Number.isInteger(clients) || clients < 1 || clients > groups.length)
    throw new PlenaryError(
      "invalid-input",
      `${clients} organisations cannot share ${groups.length} training groups: choose 1 to ${groups.length}, because each one needs a group.`,
      { clients, groups: groups.length },
    );
  return Array.from({ length: clients }, (_, client) =>
    groups.filter((_, i) => i % clients === client),
  );
}

function splittableGroups({ groups }: AnswerSet): string[] {
  const withAtLeast = (least: number) => groups.filter(({ answers }) => answers.length >= least);
  const full = withAtLeast(ENOUGH_ANSWERS);
  const chosen = full.length >= 2 ? full : withAtLeast(FEWEST_ANSWERS);
  if (chosen.length >= 2) return chosen.map(({ id }) => id);
  throw new PlenaryError(
    "invalid-input",
    `A split needs two groups with two answers or more, one that trains and one that stays unseen; ${chosen.length} of the ${groups.length} groups of this data set ${chosen.length === 1 ? "has" : "have"} as many. With ${ENOUGH_ANSWERS} answers in each group, scores are steadier.`,
    { groups: groups.length, splittable: chosen.length },
  );
}

function listed(ids: readonly string[]): string {
  const shown = ids
    .slice(0, 20)
    .map((id) => (id.includes(",") ? quotedText(id) : id))
    .join(", ");
  return `the groups are ${shown}${ids.length > 20 ? ` and ${ids.length - 20} more` : ""}`;
}
