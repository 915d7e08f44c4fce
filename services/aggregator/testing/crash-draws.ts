import type { Fault } from "../faults/fault-plan.ts";
import { FAULT_POINTS } from "../faults/fault-points.ts";
import type { ScenarioKind } from "./crash-scenario.ts";
import { SeededDraws } from "./seeded-draws.ts";

/** What a seed does to a run: which scenario, and where each life of each process ends. */
export interface CrashDraw {
  readonly kind: ScenarioKind;
  readonly server: readonly (readonly Fault[])[];
  readonly worker: readonly (readonly Fault[])[];
}

export type Role = "server" | "worker";

/** Calls that a role does not make, so that no fault is wasted on them. What is new is tried in both. */
const NOT_IN: Readonly<Record<Role, RegExp>> = {
  server: new RegExp(
    [
      "^store.(due|transactions/(plan|attempt|sign|fail|confirm))",
      "^store.federations/(restoreTip|advanceTip)",
      "^store.members/countActive",
      "^store.(nonces/forget|rewards/insert)",
      "^store.rounds/(notFinal|notSettled|notVoided|insert|move|setEvaluation|toEvaluate)",
      "^store.updates/(find|standing|setScreened|setScore|unscreened)/",
      "^database/withLock",
      "^ledger/(now|round|openRound|commitRound|finalizeRound|voidRound)",
      "^chain/(getLatestBlockhash|getBlockHeight|sendTransaction|getSignatureStatuses|getTransaction)",
      "^queue/(finalize|evaluate)",
    ].join("|"),
  ),
  worker: new RegExp(
    [
      "^store.(events/after|nonces/use|transactions/ofRound)",
      "^store.federations/(all|insert)",
      "^store.members/(ofFederation|find|count|record)/",
      "^store.rounds/(list|lastFinal|hold)",
      "^store.updates/(all|standingOf|related|insert|insertNext|supersede|insertEquivocation)/",
      "^database/(connect|ping)",
      "^ledger/(genesisHash|isAuthority|member)/",
      "^chain/getGenesisHash",
      "^queue/screenUpdate",
      "^blobs/(size|receive|problem)",
    ].join("|"),
  ),
};

const POINTS: Readonly<Record<Role, readonly string[]>> = {
  server: FAULT_POINTS.filter((point) => !NOT_IN.server.test(point)),
  worker: FAULT_POINTS.filter((point) => !NOT_IN.worker.test(point)),
};

const LATE_EVERY = 8;
const LIVES: Readonly<Record<Role, number>> = { server: 1, worker: 2 };

/** The first deaths of successive seeds go through all points in turn; later ones, and which calls wait a while, are drawn. */
export function drawCrash(seed: number): CrashDraw {
  const draws = new SeededDraws(seed);
  const livesOf = (role: Role): Fault[][] => {
    const points = POINTS[role];
    const turn = seed - 1;
    const first = points[turn % points.length] ?? draws.pick(points);
    const occurrence = 1 + (Math.floor(turn / points.length) % 3);
    const lives = [[kill(first, occurrence)]];
    while (lives.length < LIVES[role]) lives.push([kill(draws.pick(points), 1 + draws.below(3))]);
    for (const life of lives)
      if (draws.below(3) === 0)
        life.push({ point: draws.pick(points), occurrence: 1 + draws.below(5), action: "delay" });
    return lives;
  };
  const kind = seed % LATE_EVERY === 0 ? "late" : "plain";
  return { kind, server: livesOf("server"), worker: livesOf("worker") };
}

function kill(point: string, occurrence: number): Fault {
  return { point, occurrence, action: "kill" };
}

/** Whether a point is crossed while a process starts, and never again. */
export function isAtStart(life: readonly Fault[] | undefined): boolean {
  return life?.some(({ point }) => /^files\/(makeFolder|list)\//.test(point)) ?? false;
}
