import { PlenaryError } from "@plenary/protocol";
import { FAULT_POINTS } from "./fault-points.ts";

const ACTIONS = ["kill", "disk-full", "delay"] as const;
export type FaultAction = (typeof ACTIONS)[number];

/**
 * What happens at a point: at its `occurrence`-th crossing, counted from 1 since the plan was
 * given, or at every crossing.
 */
export interface Fault {
  readonly point: string;
  readonly occurrence: number | "every";
  readonly action: FaultAction;
}

/** One life of a process: its faults, and the error of its clock in milliseconds. */
export interface FaultPlan {
  readonly faults: readonly Fault[];
  readonly clockOffset: number;
}

export const NO_FAULTS: FaultPlan = { faults: [], clockOffset: 0 };

const KNOWN = new Set(FAULT_POINTS);

/**
 * Parses lines of "point occurrence action", such as `ledger/commitRound/after 1 kill`, and at most
 * one line "clock MILLISECONDS". Throws `invalid-input` for anything else.
 */
export function parseFaultPlan(text: string): FaultPlan {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const clock = lines.filter((line) => CLOCK.test(line));
  const [offset] = clock.map((line) => Number(CLOCK.exec(line)?.[1]));
  if (clock.length > 1) throw refused(clock[1] ?? "");
  return {
    faults: lines.filter((line) => !clock.includes(line)).map(faultOf),
    clockOffset: offset ?? 0,
  };
}

const CLOCK = /^clock (-?[0-9]{1,12})$/;

export function formatFaultPlan({ faults, clockOffset }: FaultPlan): string {
  const lines = faults.map(({ point, occurrence, action }) => `${point} ${occurrence} ${action}\n`);
  return [`clock ${clockOffset}\n`, ...lines].join("");
}

function faultOf(line: string): Fault {
  const [point = "", occurrence = "", action = "", ...rest] = line.split(" ");
  const known = ACTIONS.find((name) => name === action);
  const isCount = occurrence === "every" || /^[1-9][0-9]{0,5}$/.test(occurrence);
  if (!KNOWN.has(point) || !isCount || known === undefined || rest.length > 0) throw refused(line);
  return {
    point,
    occurrence: occurrence === "every" ? "every" : Number(occurrence),
    action: known,
  };
}

function refused(line: string): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    `The fault plan's line "${line}" must be a fault point, an occurrence or "every", and one of ${ACTIONS.join(", ")}; or "clock" and milliseconds, once.`,
    { line },
  );
}
