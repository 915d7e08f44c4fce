import assert from "node:assert/strict";
import { type CompletedRound, replayRound, type SignedAuditReport } from "@plenary/algorithms";
import {
  AUDIT_OUTCOMES,
  type AuditConfiguration,
  type AuditOutcome,
  type AuditReport,
  encodeAuditReport,
  fromBase58,
  fromBase64,
  fromHex,
  hashJson,
  parseManifest,
  type RoundAuditsView,
  type RoundManifest,
  signMessage,
  vectorFromBytes,
} from "@plenary/protocol";
import { DEFAULT_TRAINING } from "@plenary/training";
import { Keypair } from "@solana/web3.js";
import { acceptAuditReport } from "../../rounds/lifecycle/audit-report.ts";
import { viewAudits } from "../../rounds/views/view-audits.ts";
import { PlayedFederation } from "./played-federation.ts";
import type { Workbench } from "./workbench.ts";

export const AUDITORS = [Keypair.generate(), Keypair.generate()];
export const AUDITS: AuditConfiguration = {
  auditors: AUDITORS.map(({ publicKey }) => publicKey.toBase58()),
  checkpointEvery: 6,
  membersPerRound: 2,
  segmentsPerMember: 3,
  mode: { name: "reproducible" },
  waitSeconds: 120,
};

/** The first round of a federation that audits training. */
export class AuditedRound {
  readonly played: PlayedFederation;

  constructor(played: PlayedFederation) {
    this.played = played;
  }

  static async found(
    bench: Workbench,
    audits: Partial<AuditConfiguration> = {},
  ): Promise<AuditedRound> {
    return new AuditedRound(
      await PlayedFederation.found(bench, "audits", (defaults) => ({
        ...defaults,
        training: DEFAULT_TRAINING.tilt,
        strategy: { name: "fedavg" },
        audits: { ...AUDITS, ...audits },
      })),
    );
  }

  /** Everybody's updates come in, and the audits are drawn. */
  collect(): Promise<void> {
    return this.played.commit(1n);
  }

  async view(): Promise<RoundAuditsView> {
    const { bench } = this.played;
    return viewAudits(bench.context, await this.played.row(), await this.played.round());
  }

  /** A drawn auditor's report about the drawn member in this place. */
  async reportOn(
    place: number,
    outcome: AuditOutcome,
    change: Partial<AuditReport> = {},
  ): Promise<SignedAuditReport> {
    const { audits, seed } = await this.view();
    const drawn = audits[place];
    const auditor = AUDITORS.find(({ publicKey }) => publicKey.toBase58() === drawn?.auditor);
    assert.ok(drawn && auditor);
    const { ledger, context } = this.played.bench;
    const { address: federation } = this.played;
    const member = fromBase58(drawn.member);
    const update = await context.store.updates.standingOf({ federation, number: 1n }, member);
    assert.ok(update);
    const message = encodeAuditReport({
      genesisHash: await ledger.genesisHash(),
      programId: ledger.programId,
      federation,
      round: 1n,
      member,
      envelopeHash: update.envelope_hash,
      auditSeed: fromHex(seed, 32),
      outcome: AUDIT_OUTCOMES[outcome],
      checkpoint: outcome === "failed" ? 3 : 0,
      auditor: auditor.publicKey.toBytes(),
      ...change,
    });
    return { message, signature: signMessage(message, auditor.secretKey) };
  }

  async hand(report: SignedAuditReport): Promise<void> {
    const { context } = this.played.bench;
    await acceptAuditReport(context, await this.played.row(), await this.played.round(), report);
  }

  /** The round from public bytes: the manifest's blob, the blobs that it names, and the chain. */
  async replayed(): Promise<{ result: CompletedRound; manifestHash: Uint8Array }> {
    const { blobs, ledger } = this.played.bench.context;
    const manifestHash = (await this.played.round()).computed?.commitment.manifestHash;
    assert.ok(manifestHash);
    const bytes = await blobs.read(manifestHash);
    const manifest = parseManifest(JSON.parse(new TextDecoder().decode(bytes)));
    assert.deepEqual(hashJson(manifest), manifestHash);
    const onChain = await ledger.round(this.played.address, 1n);
    assert.ok(onChain?.auditDrawn && manifest.audits);
    const result = await replayRound(
      {
        context: await this.#publicContext(manifest, {
          slotHash: fromHex(manifest.audits.slotHash, 32),
          drawn: onChain.auditDrawn,
        }),
        updates: manifest.updates.map(({ envelope, signature, signingKey }) => ({
          message: fromBase64(envelope),
          signature: fromBase64(signature),
          signingKey: fromBase58(signingKey),
        })),
        payload: (hash) => blobs.read(hash),
        audits: manifest.audits.reports.map(({ report, signature }) => ({
          message: fromBase64(report),
          signature: fromBase64(signature),
        })),
      },
      async () => assert.fail("nothing is evaluated where data size is paid"),
    );
    return { result, manifestHash: onChain.manifestHash };
  }

  async #publicContext(
    manifest: RoundManifest,
    auditDraw: { readonly slotHash: Uint8Array; readonly drawn: Uint8Array },
  ) {
    const { blobs, ledger } = this.played.bench.context;
    const { configuration } = await this.played.row();
    const vector = async (hash: string) => vectorFromBytes(await blobs.read(fromHex(hash, 32)));
    return {
      genesisHash: await ledger.genesisHash(),
      programId: ledger.programId,
      federation: this.played.address,
      round: 1n,
      configuration,
      seed: fromHex(manifest.seed, 32),
      auditDraw,
      previousManifest: null,
      base: await vector(manifest.base.blob),
      state: await vector(manifest.stateBefore.blob),
      earned: [],
    };
  }
}
