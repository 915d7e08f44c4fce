import type { TextBatch } from "./bert-graph.ts";

/** Lengths of the graphs: a batch runs on the shortest one that holds its longest text. */
const LENGTHS = [16, 24, 32, 48, 64, 96, 128, 192, 256];
/** Tokens that a full batch has: more only cost memory. */
const BATCH_TOKENS = 512;

/** Texts to run together, as positions in the list, and the graph that takes them. */
export interface PlannedBatch extends TextBatch {
  readonly positions: readonly number[];
}

/** The lengths that a model's graphs may have; the last is the most tokens that a text may keep. */
export function graphLengths(longest: number): number[] {
  const most = Math.min(longest, LENGTHS.at(-1)!);
  return [...LENGTHS.filter((length) => length < most), most];
}

/**
 * Puts texts of about the same length together, longest first, so that little is computed for
 * padding. Batches have few different forms, because each form is a graph to load; what is left
 * over runs one by one.
 */
export function planBatches(
  tokenCounts: readonly number[],
  lengths: readonly number[],
): PlannedBatch[] {
  const order = [...tokenCounts.keys()].toSorted((a, b) => tokenCounts[b]! - tokenCounts[a]!);
  const batches: PlannedBatch[] = [];
  for (let next = 0; next < order.length; ) {
    const count = tokenCounts[order[next]!]!;
    const length = lengths.find((candidate) => candidate >= count) ?? lengths.at(-1)!;
    const full = Math.max(Math.floor(BATCH_TOKENS / length), 1);
    const texts = order.length - next >= full / 2 ? full : 1;
    const positions = order.slice(next, next + texts);
    batches.push({ positions, texts, length });
    next += positions.length;
  }
  return batches;
}
