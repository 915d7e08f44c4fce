import { ENDPOINTS, fromHex, type RoundView } from "@plenary/protocol";
import type { ServiceClient } from "@plenary/sdk";
import type { RoundLedger } from "./follow-rounds.ts";
import type { Report } from "./report.ts";
import { roundLine, statusLine } from "./run-lines.ts";
import type { Terminal } from "./terminal.ts";
import { pause, waitOut } from "./wait-out.ts";

const PAGE = 200;

export interface ShownRounds {
  readonly service: ServiceClient;
  /** Address of the federation. */
  readonly address: string;
  /** How many rounds it has in all. */
  readonly total: number;
  readonly ledger: RoundLedger;
  readonly baselines: Report["baselines"];
  readonly terminal: Terminal;
  readonly log: (line: string) => void;
  readonly end: AbortSignal;
}

/** Shows each round as it is committed, up to the last one. Waits while parts are restarted. */
export async function showRounds(shown: ShownRounds): Promise<void> {
  const { service, address, total, ledger, baselines, terminal, log, end } = shown;
  const source = { blob: (hash: string) => service.download(fromHex(hash), { signal: end }) };
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

/** The rounds after a number, oldest first. */
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

function secondsSince(time: number | null): number {
  return time === null ? 0 : Math.max((Date.now() - time) / 1000, 0);
}
