import assert from "node:assert/strict";
import { type FederationConfiguration, toBase58 } from "@plenary/protocol";
import type { JobContext } from "../../jobs/job.ts";
import { findFederation } from "../../rounds/lookup.ts";
import type { EventRow } from "../../store/events.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Round } from "../../store/rounds.ts";
import { type BenchFederation, foundOn } from "./bench-federation.ts";
import type { Workbench } from "./workbench.ts";

/** A federation on a workbench whose rounds a test plays, with one worker at a time. */
export class PlayedFederation {
  readonly bench: Workbench;
  readonly federation: BenchFederation;
  worker: JobContext;

  constructor(bench: Workbench, federation: BenchFederation) {
    this.bench = bench;
    this.federation = federation;
    this.worker = bench.worker();
  }

  /** Founds it on a bench without old jobs, and opens its first round. */
  static async found(
    bench: Workbench,
    name: string,
    change?: (defaults: FederationConfiguration) => FederationConfiguration,
  ): Promise<PlayedFederation> {
    bench.ledger.accepts = () => true;
    bench.ledger.effects.length = 0;
    bench.asked.length = 0;
    const played = new PlayedFederation(bench, await foundOn(bench, name, change));
    await played.work();
    return played;
  }

  get address(): Uint8Array {
    return this.federation.address;
  }

  /** Takes the steps that the rounds can take now. */
  async advance(): Promise<void> {
    const data = { federation: toBase58(this.address) };
    await this.bench.run(this.worker, { name: "advanceFederation", data });
  }

  /** Advances, and does every job that was asked for, with what follows from them. */
  async work(): Promise<void> {
    const { asked } = this.bench;
    await this.advance();
    for (let job = asked.shift(); job !== undefined; job = asked.shift())
      await this.bench.run(this.worker, job);
  }

  async upload(number: bigint, places: readonly number[] = [0, 1, 2]): Promise<void> {
    for (const place of places)
      await this.federation.upload(number, await this.federation.update(number, place));
  }

  /**
   * Uploads everybody's updates of a round and takes it as far as it goes, one round after the
   * other.
   */
  async commit(...numbers: readonly bigint[]): Promise<void> {
    for (const number of numbers) {
      await this.upload(number);
      await this.work();
    }
  }

  async round(number = 1n): Promise<Round> {
    const { rounds } = this.bench.context.store;
    const found = await rounds.find({ federation: this.address, number });
    assert.ok(found, `there is no round ${number}`);
    return found;
  }

  row(): Promise<FederationRow> {
    return findFederation(this.bench.context, toBase58(this.address));
  }

  async statusOnChain(number: bigint): Promise<string | undefined> {
    return (await this.bench.ledger.round(this.address, number))?.status;
  }

  async events(type: string): Promise<EventRow[]> {
    const events = await this.bench.context.store.events.after(this.address, 0n, 1_000);
    return events.filter((event) => event.type === type);
  }
}
