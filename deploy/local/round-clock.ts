import type { FederationEvent } from "@plenary/protocol";
import { type ServiceClient, watchEvents } from "@plenary/sdk";

/**
 * Times rounds by the service's events, from the opening to the commitment, because the chain's
 * clock counts whole seconds. Knows only rounds that were opened while it listened.
 */
export class RoundClock {
  readonly #opened = new Map<string, number>();
  readonly #committed = new Map<string, number>();

  /** Listens until the signal. */
  async listen(service: ServiceClient, federation: string, signal: AbortSignal): Promise<void> {
    for await (const event of watchEvents(service, federation, signal)) this.take(event);
  }

  take({ type, round, at }: Pick<FederationEvent, "type" | "round" | "at">): void {
    if (round === null) return;
    if (type === "round-opened") this.#opened.set(round, at);
    if (type === "round-committed") this.#committed.set(round, at);
  }

  /**
   * The seconds that a committed round took: "soon" if the event of its commitment is still to
   * come, null if the round was not timed.
   */
  seconds(round: string): number | "soon" | null {
    const opened = this.#opened.get(round);
    if (opened === undefined) return null;
    const committed = this.#committed.get(round);
    return committed === undefined ? "soon" : Math.max(committed - opened, 0) / 1000;
  }
}
