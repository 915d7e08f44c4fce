import { vectorRootFast } from "@plenary/algorithms";
import { type Round, readRound, roundAddress } from "@plenary/chain";
import {
  type AuditConfiguration,
  auditSeed,
  compareBytes,
  type DrawnAudit,
  drawAudits,
  drawnHash,
  ENDPOINTS,
  envelopesRoot,
  equalBytes,
  fromBase58,
  fromHex,
  PlenaryError,
  toHex,
  type UpdateView,
  vectorFromBytes,
} from "@plenary/protocol";
import type { Predictor } from "@plenary/training";
import { type FederationContext, questionsOfRound } from "../access/index.ts";

/** The audits of a round, checked against the chain. */
export interface RoundDraw {
  readonly round: Round;
  readonly audits: AuditConfiguration;
  /** On the round's questionnaire. */
  readonly predictor: Predictor;
  readonly base: Int32Array;
  readonly seed: Uint8Array;
  readonly drawn: readonly DrawnUpdate[];
}

/** A drawn member and its auditor, with the hash of the member's envelope, which the draw binds. */
export interface DrawnUpdate extends DrawnAudit {
  readonly envelopeHash: Uint8Array;
}

/**
 * Reads a round's draw from the service and recomputes it: envelopes and slot hash must give what
 * the program drew, and the base model must have the root on chain. A service cannot send a
 * member's data to an auditor that was not drawn. Throws `not-found` before the draw, and
 * `verification-failed` if a check fails.
 */
export async function readRoundDraw(
  context: FederationContext,
  number: bigint,
  signal?: AbortSignal,
): Promise<RoundDraw> {
  const { client, address, configuration } = context;
  const { audits } = configuration;
  if (audits === undefined)
    throw new PlenaryError(
      "not-found",
      "This federation's configuration has no audits of training.",
    );
  const round = await readDrawnRound(context, number);
  const params = { federation: address.toBase58(), round: number.toString() };
  const [view, { slotHash }, { updates }] = await Promise.all([
    client.call(ENDPOINTS.roundRead, { params, signal }),
    client.call(ENDPOINTS.auditList, { params, signal }),
    client.call(ENDPOINTS.updateList, { params, signal }),
  ]);
  const standing = standingOf(updates);
  const base = vectorFromBytes(await client.download(fromHex(view.baseBlob, 32), { signal }));
  requireRoot(base, round);
  requireDraw(round, fromHex(slotHash, 32), standing);
  const seed = auditSeed(round.baseRoot, number, round.auditSlotHash);
  const members = standing.map(({ member }) => member);
  const { predictor } = await questionsOfRound(context, view.questionnaire, signal);
  return {
    round,
    audits,
    predictor,
    base,
    seed,
    drawn: drawAudits(seed, members, audits).flatMap((audit) =>
      standing
        .filter(({ member }) => equalBytes(member, audit.member))
        .map(({ envelopeHash }) => ({ ...audit, envelopeHash })),
    ),
  };
}

/** A round of this configuration whose audits are drawn, as the chain shows it. */
async function readDrawnRound(
  { connection, program, address, configurationHash }: FederationContext,
  number: bigint,
): Promise<Round> {
  const round = await readRound(connection, roundAddress(program, address, number));
  if (round === null || round.auditSlot === 0n)
    throw new PlenaryError(
      "not-found",
      `The audits of round ${number} are not drawn on chain yet.`,
      { round: number.toString() },
    );
  if (!equalBytes(round.configurationHash, configurationHash))
    throw new PlenaryError(
      "configuration-mismatch",
      `Round ${number} runs under another configuration.`,
      { expected: toHex(configurationHash), actual: toHex(round.configurationHash) },
    );
  return round;
}

/** The updates among which audits are drawn, ascending by member. */
function standingOf(updates: readonly UpdateView[]) {
  return updates
    .filter(({ state }) => state !== "superseded")
    .map(({ member, envelopeHash }) => ({
      member: fromBase58(member),
      envelopeHash: fromHex(envelopeHash, 32),
    }))
    .sort((a, b) => compareBytes(a.member, b.member));
}

function requireRoot(base: Int32Array, round: Round): void {
  const root = vectorRootFast(base);
  if (equalBytes(root, round.baseRoot)) return;
  throw new PlenaryError(
    "verification-failed",
    `The service's model for round ${round.number} does not have the root that is on chain: nothing can be audited on it.`,
    { expected: toHex(round.baseRoot), actual: toHex(root) },
  );
}

function requireDraw(
  round: Round,
  slotHash: Uint8Array,
  ascending: readonly { readonly envelopeHash: Uint8Array }[],
): void {
  const drawn = drawnHash(
    slotHash,
    envelopesRoot(ascending.map(({ envelopeHash }) => envelopeHash)),
  );
  if (equalBytes(drawn, round.auditSlotHash)) return;
  throw new PlenaryError(
    "verification-failed",
    `The updates that the service lists for round ${round.number} are not those that the program drew audits for. Do not show your data to anyone.`,
    { expected: toHex(round.auditSlotHash), actual: toHex(drawn) },
  );
}
