import type { Fault, FaultPlan } from "../faults/fault-plan.ts";
import { FAULT_POINTS } from "../faults/fault-points.ts";
import type { ScenarioKind } from "./federation.ts";
import { SeededDraws } from "./seeded-draws.ts";

/**
 * What a seed does to a run: the scenario, and the points at which each life of each process ends.
 */
export interface CrashDraw {
  readonly kind: ScenarioKind;
  readonly server: readonly FaultPlan[];
  readonly worker: readonly FaultPlan[];
}

export type Role = "server" | "worker";

/**
 * Calls that a role does not make, so that no fault is wasted on them. New calls are tried in both
 * roles.
 */
const NOT_IN: Readonly<Record<Role, RegExp>> = {
  server: new RegExp(
    [
      "^store.(disputes/(?!ofRounds)|hints/(?!toScreenOf)|transactions/(plan|attempt|sign|fail|confirm))",
      "^store.federations/(restoreTip|advanceTip)",
      "^store.members/countActive",
      "^store.(nonces/forget|rewards/insert)",
      "^store.rounds/(findAt|notFinal|notSettled|notVoided|plan|rebase|open|close|drawAudits|closeAudits|compute|commit|finalize|giveUp|makeVoid|setEvaluation)/",
      "^store.updates/(find|standing|setScreened|setScore|refuseCounted)/",
      "^database/withLock",
      "^ledger/(now|round|openRound|commitRound|finalizeRound|voidRound|drawAudits|auditSlotHash|disputes|disputeEnding|endedDisputes|answerDispute|resolveDispute)",
      "^chain/(getLatestBlockhash|getBalance|isBlockhashValid|sendTransaction|getSignatureStatuses|getSignaturesForAddress|getTransaction)",
      "^queue/(answerDisputes|finalize|evaluate)",
    ].join("|"),
  ),
  worker: new RegExp(
    [
      "^store.(auditReports/insert|events/after|nonces/use|transactions/ofRounds)",
      // Demands can be met there.
      "^store.disputes/(find|fail)/",
      "^store.federations/(all|insert)",
      "^store.members/(ofFederation|find|count|records)/",
      "^store.rounds/(list|lastFinal|hold)",
      "^store.updates/(all|standingOf|related|countsOfRounds|insert|insertNext|supersede|insertEquivocation)/",
      "^store.hints/toScreenOf/",
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

/**
 * The points at which the first seed starts. The worker starts at the disputes, so that the sample
 * has them; the server starts where no seed makes it wait for audits while the worker waits for
 * disputes.
 */
const FROM: Readonly<Record<Role, number>> = { server: 100, worker: 2 };
const LATE_EVERY = 8;
const DISPUTED_EVERY = 7;
const VOIDED_EVERY = 5;
const AUDITED_EVERY = 3;
/** Points that only audits are sure to reach. */
const OF_AUDITS =
  /^(store.auditReports|store.rounds\/(drawAudits|closeAudits)|store.updates\/refuseCounted|store.rounds\/hold|ledger\/(drawAudits|auditSlotHash)|chain\/(getSignaturesForAddress|getTransaction))\//;
/** Points that only a void round reaches. */
const OF_LATE = /^(ledger\/voidRound|store.rounds\/(giveUp|makeVoid))\//;
/**
 * Points that only disputable rounds reach; then those of disputed rounds, and those of dropped
 * rounds.
 */
const OF_WINDOWS = /^(store.disputes\/open|queue\/answerDisputes)\//;
const OF_DISPUTES =
  /^(store.disputes\/(?!open|ofRounds)|store.rounds\/findAt|ledger\/(disputes|disputeEnding|answerDispute|resolveDispute))/;
const OF_VOIDED = /^store.(federations\/restoreTip|rounds\/rebase|transactions\/fail)\//;
const HOURS = 3_600_000;
const CLOCK_OFFSETS = [0, 0, -9 * HOURS, 9 * HOURS];
const LIVES: Readonly<Record<Role, number>> = { server: 1, worker: 2 };

/**
 * The first deaths of successive seeds go through all points in turn. Later deaths, the calls that
 * wait a while, and how wrong a worker's clock is are drawn. The server's clock stays right,
 * because members sign requests for its time.
 */
export function drawCrash(seed: number): CrashDraw {
  const draws = new SeededDraws(seed);
  const livesOf = (role: Role): FaultPlan[] => {
    const points = POINTS[role];
    const turn = seed - 1;
    const first = points[(turn + FROM[role]) % points.length] ?? draws.pick(points);
    const deaths = [kill(first, 1 + (Math.floor(turn / points.length) % 3))];
    while (deaths.length < LIVES[role]) deaths.push(kill(draws.pick(points), 1 + draws.below(3)));
    return deaths.map((death) => ({
      faults:
        draws.below(3) === 0 ? [death, delay(draws.pick(points), 1 + draws.below(5))] : [death],
      clockOffset: role === "server" ? 0 : draws.pick(CLOCK_OFFSETS),
    }));
  };
  const [server, worker] = [livesOf("server"), livesOf("worker")];
  return { kind: kindOf(seed, [server, worker]), server, worker };
}

function kindOf(seed: number, lives: readonly (readonly FaultPlan[])[]): ScenarioKind {
  const first = lives.flatMap(([life]) => life?.faults ?? []);
  const comesTo = (points: RegExp) => first.some(({ point }) => points.test(point));
  if (comesTo(OF_DISPUTES)) return "disputed";
  if (comesTo(OF_VOIDED)) return "voided";
  if (comesTo(OF_WINDOWS)) return seed % 2 === 0 ? "voided" : "disputed";
  if (comesTo(OF_AUDITS)) return "audited";
  if (comesTo(OF_LATE) || seed % LATE_EVERY === 0) return "late";
  if (seed % DISPUTED_EVERY === 0) return "disputed";
  if (seed % VOIDED_EVERY === 0) return "voided";
  return seed % AUDITED_EVERY === 0 ? "audited" : "plain";
}

function kill(point: string, occurrence: number): Fault {
  return { point, occurrence, action: "kill" };
}

function delay(point: string, occurrence: number): Fault {
  return { point, occurrence, action: "delay" };
}

const AT_START =
  /^(files\/(makeFolder|list)|database\/connect|chain\/getGenesisHash|store\.(blobReferences\/withoutReferences|nonces\/forget))\//;

/**
 * Whether a life ends at a point that is crossed while a process starts, and then not again for
 * long.
 */
export function isAtStart(life: FaultPlan | undefined): boolean {
  return life?.faults.some(({ point }) => AT_START.test(point)) ?? false;
}
