import { PlenaryError } from "@plenary/protocol";
import { FAULT_POINTS } from "./fault-points.ts";

const ACTIONS = ["kill", "disk-full", "delay"] as const;
export type FaultAction = (typeof ACTIONS)[number];

/** What happens at a point: at its `occurrence`-th crossing, counted from 1 since the plan was given, or at every one. */
export interface Fault {
  readonly point: string;
  readonly occurrence: number | "every";
  readonly action: FaultAction;
}

const KNOWN = new Set(FAULT_POINTS);

/** Lines of "point occurrence action", as in `ledger/commitRound/after 1 kill`. Throws `invalid-input` on anything else. */
export function parseFaultPlan(text: string): Fault[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map(faultOf);
}

export function formatFaultPlan(faults: readonly Fault[]): string {
  return faults.map(({ point, occurrence, action }) => `${point} ${occurrence} ${action}\n`).join("");
}

function faultOf(line: string): Fault {
  const [point = "", occurrence = "", action = "", ...rest] = line.split(" ");
  const known = ACTIONS.find((name) => name === action);
  const isCount = occurrence === "every" || /^[1-9][0-9]{0,5}$/.test(occurrence);
  if (!KNOWN.has(point) || !isCount || known === undefined || rest.length > 0)
    throw new PlenaryError(
      "invalid-input",
      `The fault plan's line "${line}" must be a fault point, an occurrence or "every", and one of ${ACTIONS.join(", ")}.`,
      { line },
    );
  return { point, occurrence: occurrence === "every" ? "every" : Number(occurrence), action: known };
}
