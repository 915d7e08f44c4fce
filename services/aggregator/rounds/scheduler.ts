/**
 * Asks for work to be done soon, in some worker. Nothing rests on it: what is due can be read from
 * the database, and the reconciler does. A request that cannot be queued is dropped, never an error
 * for the caller.
 */
export interface Scheduler {
  screenUpdate(id: bigint): Promise<void>;
  /** Lets a federation take every step that it can: open, close, complete, commit. */
  advance(federation: Uint8Array): Promise<void>;
  /** Lets the challenges of a federation's rounds be looked after. */
  answerDisputes(federation: Uint8Array): Promise<void>;
  finalize(federation: Uint8Array): Promise<void>;
  evaluate(federation: Uint8Array, number: bigint): Promise<void>;
}
