import { decodeUpdate, type RoundContext, type RoundUpdate } from "@plenary/algorithms";
import {
  decodeEnvelope,
  type Envelope,
  type FederationConfiguration,
  PlenaryError,
  roundSeed,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { ClosingRound } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";
import type { Context } from "../context.ts";
import { questionnaireOf, signedVersion } from "../federations/questionnaire.ts";
import type { ModelCache } from "../models/model-cache.ts";
import { isCounted } from "../updates/screen.ts";
import { drawOf } from "./audit-draw.ts";

/** An update with its envelope decoded. */
interface DecodedUpdate {
  readonly row: UpdateRow;
  readonly envelope: Envelope;
}

/** The updates of a closed round as its computation takes them. Each envelope is decoded once. */
export class StandingUpdates {
  readonly #context: Context;
  readonly #configuration: FederationConfiguration;
  readonly #updates: readonly DecodedUpdate[];

  constructor(
    context: Context,
    configuration: FederationConfiguration,
    standing: readonly UpdateRow[],
  ) {
    this.#context = context;
    this.#configuration = configuration;
    this.#updates = standing.map(decoded);
  }

  counted(): UpdateRow[] {
    return this.#updates.map(({ row }) => row).filter(({ reason }) => isCounted(reason));
  }

  signed(): RoundUpdate[] {
    return this.#updates.map(signedUpdate);
  }

  /** The vector of one of these updates. Throws `round-inconsistent` for any other update. */
  async deltaOf({ message }: Pick<RoundUpdate, "message">): Promise<Int32Array> {
    return this.#decode(this.#updates.find(({ row }) => row.envelope === message));
  }

  /** The vector of a stored update, which may have been superseded. */
  async delta(id: bigint): Promise<Int32Array> {
    const standing = this.#updates.find(({ row }) => row.id === id);
    if (standing !== undefined) return this.#decode(standing);
    const row = await this.#context.store.updates.find(id);
    return this.#decode(row && decoded(row));
  }

  async #decode(update: DecodedUpdate | undefined): Promise<Int32Array> {
    if (update === undefined)
      throw new PlenaryError("round-inconsistent", "An update was folded that is not stored.");
    const { envelope, row } = update;
    const payload = await this.#context.blobs.read(row.payload_hash);
    // The store hashed the payload when it took it in.
    const payloadHash = row.payload_hash;
    const bytes = { configuration: this.#configuration, envelope, payload, payloadHash };
    return decodeUpdate(bytes, this.#context.registries);
  }
}

function decoded(row: UpdateRow): DecodedUpdate {
  return { row, envelope: decodeEnvelope(row.envelope) };
}

function signedUpdate({ row, envelope }: DecodedUpdate): RoundUpdate {
  const reason = row.reason ?? 0;
  return {
    leaf: {
      member: row.member,
      sequence: row.sequence,
      envelopeHash: row.envelope_hash,
      deltaRoot: envelope.deltaRoot,
      weight: isCounted(reason) ? row.weight : 0,
      reason,
      payloadHash: row.payload_hash,
    },
    signingKey: row.signing_key,
    message: row.envelope,
    signature: row.signature,
  };
}

/** Everything that was fixed when the round opened. Throws `not-found` if a blob is lost. */
export async function roundContext(
  context: Context,
  models: ModelCache,
  federation: FederationRow,
  round: ClosingRound,
): Promise<RoundContext> {
  const { store } = context;
  const { number, base, opened } = round;
  const version = await questionnaireOf(context, round);
  const earned = await store.rewards.ofRound({ federation: round.federation, number: base.round });
  return {
    genesisHash: federation.genesis_hash,
    programId: federation.program_id,
    federation: federation.address,
    round: number,
    configuration: federation.configuration,
    ...(version !== undefined && { questionnaire: signedVersion(version) }),
    seed: roundSeed(base.root, number, opened.slotHash),
    auditDraw: drawOf(round),
    previousManifest: base.manifest,
    base: await models.load(base.blob),
    state: await models.load(base.stateBlob),
    earned: earned.map(({ member, cumulative }) => ({ member, cumulative })),
  };
}
