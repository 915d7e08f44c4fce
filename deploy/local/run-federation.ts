import { type Federation, readFederation, readMember } from "@plenary/chain";
import { ENDPOINTS, fromHex, type RoundView } from "@plenary/protocol";
import { createServiceClient, type ServiceClient } from "@plenary/sdk";
import { type Home, LocalStackError, type Stack, type Supervisor } from "@plenary/stack";
import { openEngine } from "@plenary/training";
import { Connection } from "@solana/web3.js";
import { type Claim, readClaims } from "./claims.ts";
import type { Config } from "./config.ts";
import type { PreparedRun } from "./federation-record.ts";
import { measureBaselines, RoundLedger } from "./follow-rounds.ts";
import {
  claimReward,
  type MembersSettings,
  type Organisation,
  startOrganisations,
} from "./members.ts";
import { openFederation } from "./open-federation.ts";
import type { Options } from "./options.ts";
import type { RunPlan } from "./plan-federation.ts";
import { type Report, writeReport } from "./report.ts";
import { RoundClock } from "./round-clock.ts";
import { baselineLines, claimLine, roundLine, statusLine, summaryLines } from "./run-lines.ts";
import type { Terminal } from "./terminal.ts";
import { pause, waitOut } from "./wait-out.ts";

const PAGE = 200;
const CLAIMS_AT_ONCE = 3;

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
 * Runs the home's federation, a new one or the one that it has, to its last round and its last claim. Resolves with whether every round
 * was committed and every claim paid.
 */
export async function runFederation(settings: RunFederationSettings): Promise<boolean> {
  const { home, stack, options, log } = settings;
  const { id, settings: run, isNew, plan } = settings.prepared;
  const connection = new Connection(stack.rpcUrl, "confirmed");
  const service = createServiceClient({ url: stack.serviceUrl });
  const federation = await openFederation({
    home,
    connection,
    program: stack.program,
    service,
    plan,
    id,
  });
  const address = federation.address.toBase58();
  log(
    `${isNew ? "Founded" : "Continuing"} federation ${address} on ${plan.dataset}: ${run.rounds} rounds, ${run.clients} members`,
  );
  const members: MembersSettings = {
    ...settings,
    ...{ connection, federation, plan, run, id, environment: settings.config.stack.environment },
  };
  const baselines = measureBaselines(plan);
  for (const line of baselineLines(baselines)) log(line);
  const clock = new RoundClock();
  const listening = new AbortController();
  const until = AbortSignal.any([listening.signal, settings.end]);
  // Only durations are lost if this fails.
  clock.listen(service, address, until).catch(() => undefined);
  const organisations = await startOrganisations(members);
  await showJoins(members, organisations, settings);
  const engine = await openEngine("native");
  const ledger = new RoundLedger(home, address, plan, engine, clock);
  const following = { ...settings, service, address, plan, ledger, baselines };
  await followToLastRound(following);
  listening.abort();
  const state = await claimEverything(members, organisations, following);
  await engine.close();
  const report = reportOf(
    following,
    organisations.length,
    state,
    await waitOut(settings.end, () => claimsOf(members, organisations)),
  );
  for (const line of summaryLines(report)) log(line);
  if (options.report !== undefined) {
    writeReport(options.report, report);
    log(`Report: ${options.report}`);
  }
  return (
    report.rounds.length >= plan.configuration.rounds.total &&
    state.totalClaimed === state.totalEarned
  );
}

/** Waits until every organisation is a member on chain, and says so of each. */
async function showJoins(
  { connection }: MembersSettings,
  organisations: readonly Organisation[],
  { log, terminal, end }: RunFederationSettings,
): Promise<void> {
  for (const [joined, { name, address, groups }] of organisations.entries()) {
    terminal.status(`${joined} of ${organisations.length} organisations have joined`);
    while ((await waitOut(end, () => readMember(connection, address))) === null) await pause(end);
    log(`${name} is member ${address.toBase58()} with ${groups.join(", ")}`);
  }
  terminal.status(null);
}

interface Following extends RunFederationSettings {
  readonly service: ServiceClient;
  readonly address: string;
  readonly plan: RunPlan;
  readonly ledger: RoundLedger;
  readonly baselines: Report["baselines"];
}

/** Shows each round as it is committed, until the last one is. Waits out parts that are being restarted. */
async function followToLastRound(following: Following): Promise<void> {
  const { service, address, plan, ledger, baselines, terminal, log, end } = following;
  const { total } = plan.configuration.rounds;
  const source = {
    blob: (hash: string) => service.download(fromHex(hash), { signal: end }),
  };
  for (const round of ledger.rounds) log(roundLine(round, total, baselines));
  while (ledger.rounds.length < total) {
    await waitOut(end, async () => {
      const views = await roundsSince(service, address, ledger.rounds.at(-1)?.number ?? 0);
      await ledger.follow(source, views, (round) => log(roundLine(round, total, baselines)));
      const newest = views.at(-1);
      if (newest !== undefined) terminal.status(statusLine(newest, secondsSince(newest.openedAt)));
    });
    await pause(end);
  }
  terminal.status(null);
}

/** Rounds after a number, oldest first. */
async function roundsSince(
  service: ServiceClient,
  federation: string,
  number: number,
): Promise<RoundView[]> {
  const found: RoundView[] = [];
  for (let before: string | undefined; ; ) {
    const query = { limit: PAGE, ...(before === undefined ? {} : { before }) };
    const { rounds } = await service.call(ENDPOINTS.roundList, { params: { federation }, query });
    found.unshift(...rounds.filter((round) => Number(round.number) > number).reverse());
    const oldest = rounds.at(-1);
    if (oldest === undefined || rounds.length < PAGE || Number(oldest.number) <= number)
      return found;
    before = oldest.number;
  }
}

/** Waits until every round is final, then lets each organisation claim. Returns the federation as the chain then has it. */
async function claimEverything(
  members: MembersSettings,
  organisations: readonly Organisation[],
  { service, address, terminal, end, log }: Following,
): Promise<Federation> {
  const { connection, federation } = members;
  const read = async () => {
    const state = await waitOut(end, () => readFederation(connection, federation.address));
    if (state !== null) return state;
    throw new LocalStackError("run-failed", `The chain no longer has the federation ${address}.`);
  };
  let state = await read();
  while (state.pending.length > 0) {
    terminal.status(`waiting for ${state.pending.length} rounds to become final`);
    await pause(end);
    state = await read();
  }
  terminal.status(null);
  const waiting = [...organisations];
  const claimNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const params = { federation: address, member: next.address.toBase58() };
      const { earned, claimed } = await service.call(ENDPOINTS.memberRead, { params });
      if (earned !== claimed) await claimReward(members, next);
    }
  };
  await Promise.all(Array.from({ length: CLAIMS_AT_ONCE }, claimNext));
  for (const { member, amount, transaction } of await waitOut(end, () =>
    claimsOf(members, organisations),
  )) {
    log(claimLine(member, amount, transaction));
  }
  return read();
}

async function claimsOf(
  { connection, stack }: MembersSettings,
  organisations: readonly Organisation[],
): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const { address } of organisations)
    claims.push(...(await readClaims(connection, stack.program, address)));
  return claims;
}

function reportOf(
  { address, stack, plan, ledger, baselines }: Following,
  members: number,
  state: Federation,
  claims: readonly Claim[],
): Report {
  const { rounds } = ledger;
  const sum = (value: (round: Report["rounds"][number]) => number) =>
    rounds.reduce((total, round) => total + value(round), 0);
  return {
    federation: address,
    program: stack.program.toBase58(),
    dataset: plan.dataset,
    rounds: [...rounds],
    baselines,
    claims: claims.map(({ member, amount, transaction }) => ({
      member,
      amount: String(amount),
      transaction,
    })),
    totals: {
      rounds: rounds.length,
      members,
      counted: sum(({ counted }) => counted),
      refused: sum(({ refused }) => refused),
      seconds: Math.round(sum(({ seconds }) => seconds) * 1000) / 1000,
      earned: String(state.totalEarned),
      claimed: String(state.totalClaimed),
    },
  };
}

function secondsSince(time: number | null): number {
  return time === null ? 0 : Math.max((Date.now() - time) / 1000, 0);
}
