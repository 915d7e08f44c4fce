import type { Fault, FaultPlan } from "../faults/fault-plan.ts";
import { FAULT_POINTS } from "../faults/fault-points.ts";
import type { ScenarioKind } from "./crash-scenario.ts";
import { SeededDraws } from "./seeded-draws.ts";

/** What a seed does to a run: which scenario, and where each life of each process ends. */
export interface CrashDraw {
  readonly kind: ScenarioKind;
  readonly server: readonly FaultPlan[];
  readonly worker: readonly FaultPlan[];
}

export type Role = "server" | "worker";

/** Calls that a role does not make, so that no fault is wasted on them. What is new is tried in both. */
const NOT_IN: Readonly<Record<Role, RegExp>> = {
  server: new RegExp(
    [
      "^store.(disputes|due|transactions/(plan|attempt|sign|fail|confirm))",
      "^store.federations/(restoreTip|advanceTip)",
      "^store.members/countActive",
      "^store.(nonces/forget|rewards/insert)",
      "^store.rounds/(findAt|notFinal|notSettled|notVoided|insert|move|setEvaluation|toEvaluate)",
      "^store.updates/(find|standing|setScreened|setScore|refuseCounted|unscreened)/",
      "^database/withLock",
      "^ledger/(now|round|openRound|commitRound|finalizeRound|voidRound|drawAudits|auditSlotHash|disputes|answerDispute|resolveDispute)",
      "^chain/(getLatestBlockhash|getBlockHeight|sendTransaction|getSignatureStatuses|getSignaturesForAddress|getTransaction)",
      "^queue/(answerDisputes|finalize|evaluate)",
    ].join("|"),
  ),
  worker: new RegExp(
    [
      "^store.(auditReports/insert|events/after|nonces/use|transactions/ofRound)",
      // Nobody disputes anything there.
      "^store.disputes/(find|insert|follow|demand|answer|fail|noteEndable|end|tally)/",
      "^store.federations/(all|insert)",
      "^store.members/(ofFederation|find|count|record)/",
      "^store.rounds/(findAt|list|lastFinal|hold)",
      "^store.updates/(all|standingOf|related|insert|insertNext|supersede|insertEquivocation)/",
      "^database/(connect|ping)",
      "^ledger/(genesisHash|isAuthority|member|disputes|answerDispute|resolveDispute)/",
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
const AUDITED_EVERY = 3;
/** What only audits come to. */
const OF_AUDITS =
  /^(store.auditReports|store.updates\/refuseCounted|store.rounds\/hold|ledger\/(drawAudits|auditSlotHash)|chain\/(getSignaturesForAddress|getTransaction))\//;
/** What only a round that is void comes to. */
const OF_LATE = /^ledger\/voidRound\//;
const HOURS = 3_600_000;
const CLOCK_OFFSETS = [0, 0, -9 * HOURS, 9 * HOURS];
const LIVES: Readonly<Record<Role, number>> = { server: 1, worker: 2 };

/**
 * The first deaths of successive seeds go through all points in turn; later ones, which calls wait a while, and by how much a worker's clock
 * is wrong are drawn. The server's clock stays right: members sign requests for its time.
 */
export function drawCrash(seed: number): CrashDraw {
  const draws = new SeededDraws(seed);
  const livesOf = (role: Role): FaultPlan[] => {
    const points = POINTS[role];
    const turn = seed - 1;
    const first = points[turn % points.length] ?? draws.pick(points);
    const deaths = [kill(first, 1 + (Math.floor(turn / points.length) % 3))];
    while (deaths.length < LIVES[role]) deaths.push(kill(draws.pick(points), 1 + draws.below(3)));
    return deaths.map((death) => ({
      faults: draws.below(3) === 0 ? [death, delay(draws.pick(points), 1 + draws.below(5))] : [death],
      clockOffset: role === "server" ? 0 : draws.pick(CLOCK_OFFSETS),
    }));
  };
  const [server, worker] = [livesOf("server"), livesOf("worker")];
  return { kind: kindOf(seed, [server, worker]), server, worker };
}

function kindOf(seed: number, lives: readonly (readonly FaultPlan[])[]): ScenarioKind {
  const first = lives.flatMap(([life]) => life?.faults ?? []);
  if (first.some(({ point }) => OF_AUDITS.test(point))) return "audited";
  if (first.some(({ point }) => OF_LATE.test(point))) return "late";
  if (seed % LATE_EVERY === 0) return "late";
  return seed % AUDITED_EVERY === 0 ? "audited" : "plain";
}

function kill(point: string, occurrence: number): Fault {
  return { point, occurrence, action: "kill" };
}

function delay(point: string, occurrence: number): Fault {
  return { point, occurrence, action: "delay" };
}

const AT_START =
  /^(files\/(makeFolder|list)|database\/connect|chain\/getGenesisHash|store\.(readers\/withoutReferences|nonces\/forget))\//;

/** Whether a life ends at a point that is crossed while a process starts, and not again for long. */
export function isAtStart(life: FaultPlan | undefined): boolean {
  return life?.faults.some(({ point }) => AT_START.test(point)) ?? false;
}
