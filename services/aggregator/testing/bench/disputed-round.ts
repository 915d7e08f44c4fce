import assert from "node:assert/strict";
import { type DisputeView, sha256 } from "@plenary/protocol";
import type { LedgerDispute } from "../../chain/ledger.ts";
import type { Context } from "../../rounds/context.ts";
import { answerDisputes } from "../../rounds/disputes/answer.ts";
import { viewRound } from "../../rounds/views/view-round.ts";
import type { DisputeRow } from "../../store/disputes.ts";
import { PlayedFederation } from "./played-federation.ts";
import type { Workbench } from "./workbench.ts";

export const WINDOW_SECONDS = 3_600;
const DEMAND_MILLISECONDS = 60_000;

/** The first round of a federation, committed and challenged. */
export class DisputedRound {
  readonly played: PlayedFederation;
  /** Errors that were logged. */
  readonly errors: { readonly fields: object; readonly message: string }[] = [];
  /** What the service works with. A test may replace parts of it. */
  context: Context;

  private constructor(played: PlayedFederation) {
    this.played = played;
    const error = (fields: object, message: string) => void this.errors.push({ fields, message });
    this.context = { ...played.bench.context, log: { info() {}, warn() {}, error } };
  }

  static async found(bench: Workbench): Promise<DisputedRound> {
    bench.ledger.challengeWindow = WINDOW_SECONDS;
    bench.ledger.answers.length = 0;
    const played = await PlayedFederation.found(bench, "disputed");
    await played.commit(1n);
    return new DisputedRound(played);
  }

  get ledger(): Workbench["ledger"] {
    return this.played.bench.ledger;
  }

  /** Replaces calls of the ledger until it is called again without any. */
  replaceLedger(calls: Partial<Context["ledger"]> = {}): void {
    const { ledger } = this;
    const replaced = Object.assign(Object.create(ledger), calls);
    this.context = { ...this.context, ledger: Object.keys(calls).length === 0 ? ledger : replaced };
  }

  look(): Promise<void> {
    return answerDisputes(this.context, this.played.address);
  }

  /** Looks, and looks again when the challenger has had its time to end disputes. */
  async lookTwice(): Promise<void> {
    await this.look();
    this.ledger.time += 10_000;
    await this.look();
  }

  disputeWith(name: string, changes: Partial<LedgerDispute>): LedgerDispute {
    return {
      address: sha256(this.played.address, Buffer.from(name)),
      round: this.ledger.roundAddress(this.played.address, 1n),
      challenger: sha256(Buffer.from("challenger")),
      kind: "chunk",
      index: 0,
      nextLeaf: 0,
      missing: "leaf",
      targetHash: new Uint8Array(32),
      provenRight: null,
      demandedUntil: this.ledger.time + DEMAND_MILLISECONDS,
      deposit: 6n,
      openedAt: this.ledger.time,
      expiresAt: this.ledger.time + 10 * DEMAND_MILLISECONDS,
      ...changes,
    };
  }

  challenge(name: string, changes: Partial<LedgerDispute>): LedgerDispute {
    const dispute = this.disputeWith(name, changes);
    this.ledger.dispute(this.played.address, dispute);
    return dispute;
  }

  /** Types of the events about disputes, in order. */
  async told(): Promise<string[]> {
    const events = await this.context.store.events.after(this.played.address, 0n, 1_000);
    return events.map(({ type }) => type).filter((type) => type.startsWith("dispute"));
  }

  /** The disputes as a reader of the round sees them. */
  async shown(): Promise<readonly DisputeView[]> {
    const view = await viewRound(this.context, await this.played.row(), await this.played.round());
    return view.disputes;
  }

  async rowOf({ address, openedAt }: LedgerDispute): Promise<DisputeRow> {
    const key = { address, opened_at: BigInt(openedAt) };
    const found = await this.context.store.disputes.find(key);
    assert.ok(found);
    return found;
  }
}
