import { FALLING_ROUNDS } from "@plenary/protocol";
import type { ParticipationEvent } from "@plenary/sdk";
import { fallingText, scoresText } from "./evaluation-lines.ts";
import type { Progress } from "./progress-bar.ts";

/** A member's progress in a round, as a line for people; null for events that only a bar shows. */
export function participationLine(event: ParticipationEvent): string | null {
  switch (event.type) {
    case "waiting":
      return event.for === "round"
        ? "waiting for the next round"
        : "waiting for the round to be committed";
    case "round-started":
      return `round ${event.round}${event.resumed ? ": continues where it stopped" : ""}`;
    case "training":
      return event.step === event.steps
        ? `round ${event.round}: trained ${event.steps} steps, loss ${event.loss.toFixed(4)}`
        : null;
    case "uploaded":
      return `round ${event.round}: update received, weight ${event.weight}, receipt checked`;
    case "audit-drawn":
      return `round ${event.round}: ${event.auditor} was drawn to audit this training. Show it: plenary audit export FILE --round ${event.round}`;
    case "evaluated":
      return evaluationLine(event);
    case "retrying":
      return `${event.message} Trying again.`;
    case "settled":
      return settledLine(event);
    case "downloading":
    case "uploading":
      return null;
  }
}

/** How good the model is, and what that means for the chosen round. */
function evaluationLine({
  round,
  evaluation,
  chosenRound,
  fallingRounds,
}: Extract<ParticipationEvent, { type: "evaluated" }>): string {
  const best = chosenRound === round ? "the best so far" : `the best is round ${chosenRound}`;
  const line = `round ${round}: ${scoresText(evaluation)}; ${best}`;
  return fallingRounds < FALLING_ROUNDS ? line : `${line}\n${fallingText(fallingRounds)}`;
}

function settledLine({ round, outcome, reason }: Extract<ParticipationEvent, { type: "settled" }>) {
  const why = reason === null ? "" : ` - ${reason}`;
  const next = outcome === "omitted" ? ` ${proveOmissionText(round)}` : "";
  return `round ${round}: ${outcome}${why}${next}`;
}

/** What a member does about an omission. */
export function proveOmissionText(round: bigint): string {
  return `Prove it, and be paid half of the aggregator's bond: plenary prove-omission ${round} FILE --submit`;
}

/** The same for a bar; null for events that take no time. */
export function participationProgress(event: ParticipationEvent): Progress | null {
  switch (event.type) {
    case "training":
      return {
        label: `round ${event.round} training `,
        value: event.step,
        total: event.steps,
        detail: `loss ${event.loss.toFixed(4)}`,
      };
    case "downloading":
    case "uploading":
      return {
        label: `round ${event.round} ${event.type}`,
        value: event.bytes,
        total: event.total ?? event.bytes,
        detail: `${(event.bytes / 1024).toFixed(0)} kB`,
      };
    default:
      return null;
  }
}
