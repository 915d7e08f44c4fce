/**
 * Asks for work to be done soon, in some worker. Nothing depends on a request: the reconciler finds
 * in the database what is due. A request that cannot be queued is dropped, and is never an error
 * for the caller.
 */
export interface Scheduler {
  screenUpdate(id: bigint): Promise<void>;
  /** Lets a federation take every step that it can: open, close, complete, commit. */
  advance(federation: Uint8Array): Promise<void>;
  /** Looks after the challenges of a federation's rounds. */
  answerDisputes(federation: Uint8Array): Promise<void>;
  finalize(federation: Uint8Array): Promise<void>;
  evaluate(federation: Uint8Array, number: bigint): Promise<void>;
}
