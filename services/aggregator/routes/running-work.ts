/**
 * The work that requests have begun. A request that has lost its client still works: the database
 * must not close before that work has ended.
 */
export interface RunningWork {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing runs. */
  settled(): Promise<void>;
}

export function runningWork(): RunningWork {
  const running = new Set<Promise<unknown>>();
  return {
    async run(work) {
      const result = work();
      running.add(result);
      try {
        return await result;
      } finally {
        running.delete(result);
      }
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
