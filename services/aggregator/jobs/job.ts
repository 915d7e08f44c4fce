import type { Context } from "../rounds/context.ts";
import type { RoundTools } from "../rounds/round-tools.ts";

/** What jobs work with: the domain, and what a worker keeps between jobs. */
export interface JobContext {
  readonly context: Context;
  readonly tools: RoundTools;
}

/**
 * One kind of job. `Data` is JSON. A job may run twice or at the wrong time, and then finds nothing
 * to do.
 */
export interface JobDefinition<Data> {
  readonly name: string;
  /** How often a failing job runs in all. The reconciler asks again for work that stays due. */
  readonly attempts: number;
  /** A larger number comes later; 0 comes first. */
  readonly priority: number;
  /** Throws for data of another form. */
  readonly parse: (data: unknown) => Data;
  readonly run: (work: JobContext, data: Data) => Promise<void>;
}
