import { toHex } from "@plenary/protocol";
import { LRUCache } from "lru-cache";
import type { Context } from "../rounds/context.ts";
import { Backoff } from "./backoff.ts";

const INTERVAL_MILLISECONDS = 500;
/** Most updates, and most rounds to evaluate, that one look takes on. */
const BATCH = 200;
/** An update that nobody has screened for this long may have lost its job. */
const LOST_AFTER_MILLISECONDS = 1_000;
/** The same update, or the same evaluation, is asked for again after this long. */
const AGAIN_MILLISECONDS = 10_000;
const MOST_REMEMBERED = 50_000;
const NONCES_EVERY = 120;
const CHAIN_MILLISECONDS = 1_000;
/** Turns between looks at what disputes have made of committed rounds. */
const DISPUTABLE_EVERY = 4;
/**
 * Turns between looks at open disputes: their demands must be met in time, in at least 5 seconds.
 */
const DISPUTED_EVERY = 2;

/**
 * Looks in the database for what may be due and has it queued: the queue may be emptied at any
 * time, and a worker may be killed at any time. What fails again and again is asked for less and
 * less often.
 */
export function startReconciler(context: Context): { close(): Promise<void> } {
  const look = new Look(context);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  const schedule = () => {
    if (!closed) timer = setTimeout(start, INTERVAL_MILLISECONDS);
  };
  const start = () => {
    running = look
      .take()
      .catch((error: unknown) => context.log.warn({ err: error }, "could not look for what is due"))
      .then(schedule);
  };
  start();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Looks that follow each other. Each takes the next pages. */
export class Look {
  readonly #context: Context;
  readonly #backoff = new Backoff();
  /** Jobs of their own kind: there may be more of them than one look takes on. */
  readonly #asked = new LRUCache<string, true>({ max: MOST_REMEMBERED, ttl: AGAIN_MILLISECONDS });
  #turn = 0;
  #screenFrom = 0;
  #evaluateFrom = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  async take(): Promise<void> {
    const turn = this.#turn++;
    const { store, scheduler, clock } = this.#context;
    await this.#askForSteps(await chainTime(this.#context));
    if (turn % DISPUTABLE_EVERY === 0)
      for (const federation of await store.hints.disputable()) {
        await scheduler.advance(federation);
        await scheduler.answerDisputes(federation);
      }
    if (turn % DISPUTED_EVERY === 0)
      for (const federation of await store.hints.disputed())
        await scheduler.answerDisputes(federation);
    await this.#askForScreening(clock.now());
    await this.#askForEvaluations();
    if (turn % NONCES_EVERY === 0) await store.nonces.forget(BigInt(clock.now()));
  }

  async #askForSteps(onChain: bigint): Promise<void> {
    const { store, scheduler } = this.#context;
    const due = new Set<string>();
    const ask = async (name: string, request: () => Promise<void>) => {
      due.add(name);
      if (this.#backoff.isTime(name)) await request();
    };
    for (const federation of await store.hints.toAdvance(onChain))
      await ask(`advance/${toHex(federation)}`, () => scheduler.advance(federation));
    for (const federation of await store.hints.toFinalize(onChain))
      await ask(`finalize/${toHex(federation)}`, () => scheduler.finalize(federation));
    this.#backoff.keepOnly(due);
  }

  async #askForScreening(now: number): Promise<void> {
    const { store, scheduler } = this.#context;
    const lostBefore = BigInt(now - LOST_AFTER_MILLISECONDS);
    const page = { offset: this.#screenFrom, limit: BATCH };
    const found = await store.hints.toScreen(lostBefore, BigInt(now), page);
    for (const { id } of found)
      await this.#askOnce(`screen/${id}`, () => scheduler.screenUpdate(id));
    this.#screenFrom = nextPage(page, found.length);
  }

  async #askForEvaluations(): Promise<void> {
    const { store, scheduler } = this.#context;
    const page = { offset: this.#evaluateFrom, limit: BATCH };
    const found = await store.hints.toEvaluate(page);
    for (const { federation, number } of found)
      await this.#askOnce(`evaluate/${toHex(federation)}/${number}`, () =>
        scheduler.evaluate(federation, number),
      );
    this.#evaluateFrom = nextPage(page, found.length);
  }

  async #askOnce(name: string, request: () => Promise<void>): Promise<void> {
    if (this.#asked.has(name)) return;
    this.#asked.set(name, true);
    await request();
  }
}

/** Work that fails for good must not hide what comes after it: the looks go through all pages. */
function nextPage({ offset, limit }: { offset: number; limit: number }, found: number): number {
  return found < limit ? 0 : offset + limit;
}

/**
 * The chain's time, or the service's own if the chain does not tell it soon: asking for too much
 * does no harm.
 */
async function chainTime({ chainClock, clock }: Context): Promise<bigint> {
  const late = new Promise<number>((resolve) => {
    setTimeout(() => resolve(clock.now()), CHAIN_MILLISECONDS).unref();
  });
  const time = await Promise.race([chainClock.now().catch(() => clock.now()), late]);
  return BigInt(Math.floor(time));
}
