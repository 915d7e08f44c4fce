/*
 * Node stops the threads that still run when the process exits. A thread that is stopped inside
 * ONNX Runtime's native code aborts the whole process ("terminate called after throwing an
 * instance of 'Napi::Error'"). Every way out that runs code passes `exit`: process.exit, an error
 * that nobody handled, and an event loop without work.
 */

/** A thread that runs native code. */
export interface NativeThread {
  /** Asks it to end; does not wait. */
  end(): void;
  /** One int32 in shared memory: 0 until the thread has released its sessions. */
  readonly ended: Int32Array<SharedArrayBuffer>;
}

/** One step of a large model takes a second or so. */
export const END_LIMIT_MS = 30_000;

const running = new Set<NativeThread>();

/**
 * Makes the exit of the process wait, up to `END_LIMIT_MS`, until the thread has ended. Returns
 * what to call when it has ended by itself.
 */
export function endBeforeExit(thread: NativeThread): () => void {
  if (running.size === 0) process.on("exit", endAll);
  running.add(thread);
  return () => {
    running.delete(thread);
    if (running.size === 0) process.off("exit", endAll);
  };
}

function endAll(): void {
  for (const thread of running) thread.end();
  const limit = performance.now() + END_LIMIT_MS;
  // It blocks: nothing asynchronous happens any more in a process that exits.
  for (const { ended } of running)
    Atomics.wait(ended, 0, 0, Math.max(0, limit - performance.now()));
}
