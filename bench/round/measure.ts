import { cpus } from "node:os";

/** Middle value; of an even count the upper one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("A median needs at least one value.");
  return middle;
}

/** "0.412 s (0.391 to 0.433)": median and range. */
export function describeSeconds(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(3)} s (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/** What every benchmark prints first. */
export function describeMachine(): string {
  const [first] = cpus();
  return `Node ${process.versions.node}, ${cpus().length} x ${first?.model.trim() ?? "unknown CPU"}, ${process.platform}-${process.arch}`;
}

/** A command-line number. Throws if it is not a positive integer. */
export function positiveInteger(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a positive integer, not "${text}".`);
}
