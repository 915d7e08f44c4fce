import { toHex } from "@plenary/protocol";
import type { Context } from "../rounds/context.ts";

const INTERVAL_MILLISECONDS = 500;
/** Updates that a look takes on at most. */
const BATCH = 200;
/** An update that nobody has screened for this long may have lost its job. */
const LOST_AFTER_MILLISECONDS = 1_000;
const NONCES_EVERY = 120;
/** A clock that runs ahead and is then set right must not make signed requests good for a second time. */
const NONCES_KEPT_MILLISECONDS = 24 * 3_600_000;
const CHAIN_MILLISECONDS = 1_000;
/** Turns between looks at what disputes have become of committed rounds. */
const DISPUTES_EVERY = 4;
/** Turns between looks at disputes that go on: what they demand must be given in time, at the least five seconds. */
const DEMANDS_EVERY = 2;

/**
 * Looks in the database for what is due and has it queued: the queue may be emptied at any time, and a worker may be killed at any time.
 * What fails again and again is asked for less and less often.
 */
export function startReconciler(context: Context): { close(): Promise<void> } {
  const patience = new Patience();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  let turn = 0;
  const schedule = () => {
    if (!closed) timer = setTimeout(start, INTERVAL_MILLISECONDS);
  };
  const start = () => {
    running = look(context, patience, turn++)
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

async function look(context: Context, patience: Patience, turn: number): Promise<void> {
  const { store, scheduler, clock } = context;
  const now = clock.now();
  const onChain = await chainTime(context);
  const due = new Set<string>();
  const ask = async (name: string, request: () => Promise<void>) => {
    due.add(name);
    if (patience.isTime(name)) await request();
  };
  for (const federation of await store.hints.toAdvance(onChain))
    await ask(`advance/${toHex(federation)}`, () => scheduler.advance(federation));
  for (const federation of await store.hints.toFinalize(onChain))
    await ask(`finalize/${toHex(federation)}`, () => scheduler.finalize(federation));
  await lookAtDisputes(context, turn);
  for (const { id } of await store.hints.toScreen(
    BigInt(now - LOST_AFTER_MILLISECONDS),
    BigInt(now),
    BATCH,
  ))
    await ask(`screen/${id}`, () => scheduler.screenUpdate(id));
  for (const { federation, number } of await store.hints.toEvaluate(BATCH))
    await ask(`evaluate/${toHex(federation)}/${number}`, () =>
      scheduler.evaluate(federation, number),
    );
  patience.keepOnly(due);
  if (turn % NONCES_EVERY === 0) await store.nonces.forget(BigInt(now - NONCES_KEPT_MILLISECONDS));
}

async function lookAtDisputes({ store, scheduler }: Context, turn: number): Promise<void> {
  if (turn % DISPUTES_EVERY === 0)
    for (const federation of await store.hints.disputable()) {
      await scheduler.advance(federation);
      await scheduler.answerDisputes(federation);
    }
  if (turn % DEMANDS_EVERY === 0)
    for (const federation of await store.hints.disputed())
      await scheduler.answerDisputes(federation);
}

/** The chain's time; the service's own if the chain does not say it soon, since asking for too much does no harm. */
async function chainTime({ chainClock, clock }: Context): Promise<bigint> {
  const late = new Promise<number>((resolve) => {
    setTimeout(() => resolve(clock.now()), CHAIN_MILLISECONDS).unref();
  });
  const time = await Promise.race([chainClock.now().catch(() => clock.now()), late]);
  return BigInt(Math.floor(time));
}

/** Goes by a clock that nobody sets. Asks at once, then after half a second, one, two, four, and at most every ten seconds. */
class Patience {
  readonly #asked = new Map<string, { at: number; wait: number }>();

  isTime(name: string): boolean {
    const now = performance.now();
    const last = this.#asked.get(name);
    if (last === undefined) {
      this.#asked.set(name, { at: now, wait: INTERVAL_MILLISECONDS });
      return true;
    }
    if (now - last.at < last.wait) return false;
    this.#asked.set(name, { at: now, wait: Math.min(last.wait * 2, LONGEST_MILLISECONDS) });
    return true;
  }

  /** Forgets what is not due any more. */
  keepOnly(due: ReadonlySet<string>): void {
    for (const name of this.#asked.keys()) if (!due.has(name)) this.#asked.delete(name);
  }
}

const LONGEST_MILLISECONDS = 10_000;
