import { readMember } from "@plenary/chain";
import { ENDPOINTS } from "@plenary/protocol";
import { connectTo, createServiceClient, type ServiceClient } from "@plenary/sdk";
import { type Home, LocalStackError, type Stack, type Supervisor } from "@plenary/stack";
import { openEngine } from "@plenary/training";
import { readChosen } from "./chosen-round.ts";
import { claimRewards } from "./claim-rewards.ts";
import type { Config } from "./config.ts";
import type { PreparedRun } from "./federation-record.ts";
import { measureBaselines, RoundLedger } from "./follow-rounds.ts";
import { foundLocalFederation } from "./found-federation.ts";
import { continueFederation, inviteLines } from "./invite.ts";
import { type MembersSettings, type RunningOrganisation, startOrganisations } from "./members.ts";
import type { Options } from "./options.ts";
import { dataReportOf, type Report, reportOf, writeReport } from "./report.ts";
import { RoundClock } from "./round-clock.ts";
import { baselineLines, claimLine, dataLine, summaryLines } from "./run-lines.ts";
import { showRounds } from "./show-rounds.ts";
import type { Terminal } from "./terminal.ts";
import { pause, waitOut } from "./wait-out.ts";

/** Seconds that members wait between rounds after the run, so that the machine rests. */
const PACE_SECONDS = 15;

export interface RunFederationSettings {
  readonly config: Config;
  readonly root: string;
  readonly home: Home;
  readonly supervisor: Supervisor;
  readonly stack: Stack;
  readonly options: Options;
  readonly prepared: PreparedRun;
  readonly terminal: Terminal;
  readonly log: (line: string) => void;
  /** Aborted when the run is to stop. */
  readonly end: AbortSignal;
}

/**
 * Runs the home's federation, a new one or the one that it has, to its last round and last claim.
 * Resolves with whether every round was committed and every claim paid. Throws `run-failed` if a
 * member ends for good.
 */
export async function runFederation(settings: RunFederationSettings): Promise<boolean> {
  const { options, log } = settings;
  const run = await openRun(settings);
  const clock = new RoundClock();
  const listening = new AbortController();
  // Only durations are lost if this fails.
  const until = AbortSignal.any([listening.signal, settings.end]);
  clock.listen(run.service, run.address, until).catch(() => undefined);
  const pace = run.continues ? PACE_SECONDS : 0;
  const organisations = await startOrganisations(run.members, pace);
  const end = AbortSignal.any([settings.end, failureOf(organisations)]);
  await showJoins(run.members, organisations, { ...settings, end });
  const report = await followRun({ ...settings, end }, run, organisations, clock);
  listening.abort();
  for (const line of summaryLines(report)) log(line);
  if (options.report !== undefined) {
    writeReport(options.report, report);
    log(`Report: ${options.report}`);
  }
  if (!options.once && !settings.end.aborted) await invite(run, organisations, log);
  const { totals } = report;
  return report.rounds.length >= run.total && totals.claimed === totals.earned;
}

/** Lets the federation continue with its members, and says how another organisation joins. */
async function invite(
  { members, continues }: Run,
  organisations: readonly RunningOrganisation[],
  log: (line: string) => void,
): Promise<void> {
  // Training ends with the last round of the run, and must not find more rounds before it has.
  if (!continues) for (const { training } of organisations) await training.ended;
  await continueFederation(members);
  if (!continues) await startOrganisations(members, PACE_SECONDS);
  const [first] = organisations;
  if (first !== undefined) for (const line of inviteLines(members, first)) log(line);
}

/** A federation that is founded and known to the service. */
interface Run {
  readonly service: ServiceClient;
  readonly address: string;
  /** How many rounds the run has. */
  readonly total: number;
  /** Whether an earlier run has let it continue after its last round. */
  readonly continues: boolean;
  readonly members: MembersSettings;
  readonly baselines: Report["baselines"];
}

/** Founds or continues the federation, and shows what it is and what it has to beat. */
async function openRun(settings: RunFederationSettings): Promise<Run> {
  const { home, stack, log, prepared } = settings;
  const { id, settings: run, plan } = prepared;
  const connection = connectTo(stack.rpcUrl);
  const service = createServiceClient({ url: stack.serviceUrl });
  const { program } = stack;
  const federation = await foundLocalFederation({ home, connection, program, service, plan, id });
  const address = federation.address.toBase58();
  log(
    `${prepared.isNew ? "Founded" : "Continuing"} federation ${address} on ${plan.dataset}: ${run.rounds} rounds, ${run.clients} members`,
  );
  log(dataLine(dataReportOf(plan)));
  const baselines = measureBaselines(plan);
  for (const line of baselineLines(baselines)) log(line);
  const environment = settings.config.stack.environment;
  const members = { ...settings, connection, federation, plan, run, id, environment };
  const { total } = plan.configuration.rounds;
  const { totalRounds } = await service.call(ENDPOINTS.federationRead, {
    params: { federation: address },
  });
  return { service, address, total, continues: totalRounds > total, members, baselines };
}

/** Shows the rounds, has the rewards claimed, and reports both. */
async function followRun(
  { home, stack, prepared, terminal, log, end }: RunFederationSettings,
  { service, address, total, members, baselines }: Run,
  organisations: readonly RunningOrganisation[],
  clock: RoundClock,
): Promise<Report> {
  const { plan } = prepared;
  const engine = await openEngine("native");
  const ledger = new RoundLedger(home, address, plan, engine, clock);
  await showRounds({ service, address, total, ledger, baselines, terminal, log, end });
  const rewards = await claimRewards({ members, organisations, service, terminal, end });
  for (const { member, amount, transaction } of rewards.claims)
    log(claimLine(member, amount, transaction));
  await engine.close();
  const chosen = await waitOut(end, () => readChosen(service, address, plan));
  return reportOf({
    ...chosen,
    federation: address,
    program: stack.program.toBase58(),
    dataset: plan.dataset,
    data: dataReportOf(plan),
    rounds: ledger.rounds,
    baselines,
    members: organisations.length,
    claims: rewards.claims,
    earned: rewards.federation.totalEarned,
    claimed: rewards.federation.totalClaimed,
  });
}

/** Aborts, with `run-failed` as its reason, once a member's process has ended for good. */
function failureOf(organisations: readonly RunningOrganisation[]): AbortSignal {
  const controller = new AbortController();
  for (const { name, training } of organisations) {
    void training.ended.then((end) => {
      if (end.kind !== "failed") return;
      const message = `${name} cannot take part, and the federation waits for it: ${end.lastWords} (log: ${training.logFile})`;
      controller.abort(new LocalStackError("run-failed", message, { member: name }));
    });
  }
  return controller.signal;
}

/** Waits until every organisation is a member on chain, and says so of each. */
async function showJoins(
  { connection }: MembersSettings,
  organisations: readonly RunningOrganisation[],
  { log, terminal, end }: RunFederationSettings,
): Promise<void> {
  for (const [joined, { name, address, groups }] of organisations.entries()) {
    terminal.status(`${joined} of ${organisations.length} organisations have joined`);
    while ((await waitOut(end, () => readMember(connection, address))) === null) await pause(end);
    log(`${name} is member ${address.toBase58()} with ${groups.join(", ")}`);
  }
  terminal.status(null);
}
