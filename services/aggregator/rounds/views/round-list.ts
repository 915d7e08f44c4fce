import { setImmediate } from "node:timers/promises";
import type { RoundView } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";
import { viewRounds } from "./view-round.ts";

/** Rounds whose views are made at a time: some milliseconds without a turn of the event loop. */
const SLICE = 25;

let last: Promise<unknown> = Promise.resolve();

/**
 * Rounds of a federation, newest first, below `before`. A long list takes tens of milliseconds of
 * the process's only thread, so lists are made one after the other and in slices: however many
 * clients ask for lists, other requests are answered in between.
 */
export function listRounds(
  context: Context,
  federation: FederationRow,
  before: bigint | undefined,
  limit: number,
): Promise<RoundView[]> {
  const list = last.then(() => makeList(context, federation, before, limit));
  last = list.catch(() => {});
  return list;
}

async function makeList(
  context: Context,
  federation: FederationRow,
  before: bigint | undefined,
  limit: number,
): Promise<RoundView[]> {
  const views: RoundView[] = [];
  let next = before;
  while (views.length < limit) {
    const size = Math.min(SLICE, limit - views.length);
    const rounds = await context.store.rounds.list(federation.address, next, size);
    views.push(...(await viewRounds(context, federation, rounds)));
    if (rounds.length < size) break;
    next = rounds.at(-1)?.number;
    await setImmediate();
  }
  return views;
}
