import {
  codecConfigurations,
  type Envelope,
  encodeEnvelope,
  envelopeHash,
  equalBytes,
  type FederationConfiguration,
  PlenaryError,
  REASONS,
  type ReasonName,
  sha256,
  type UpdateLeaf,
} from "@plenary/protocol";
import { codecsById } from "../codecs/index.ts";

import { magnitudeOf, vectorRootFast } from "../kernels/index.ts";
import { REGISTRIES, type Registries } from "../registries.ts";
import { sizeReason } from "./limits.ts";

/** An update for the updates tree. It has a `delta` if and only if it counts. */
export type Screened =
  | { readonly leaf: UpdateLeaf; readonly reason: "counted"; readonly delta: Int32Array }
  | {
      readonly leaf: UpdateLeaf;
      readonly reason: Exclude<ReasonName, "counted">;
      readonly delta?: never;
    };

/** What is needed to decode an update. */
export interface UpdateBytes {
  readonly configuration: FederationConfiguration;
  readonly envelope: Envelope;
  readonly payload: Uint8Array;
  /**
   * SHA-256 of the payload, if the caller has computed it already: a service does while it stores
   * uploads.
   */
  readonly payloadHash?: Uint8Array;
}

/** An admitted update (checkEnvelope) and its payload. */
export interface ScreeningInput extends UpdateBytes {
  /** Whether an audit of this update's training failed. */
  readonly auditFailed?: boolean;
}

/**
 * Decides whether an update counts, and if not why. Pure and exact, so that a verifier comes to the
 * same leaf. Checks in the order of the reason codes; the first that fails is the reason. Throws
 * `payload-truncated` or `payload-hash-mismatch` if the payload is not the one that the envelope
 * names (then nothing can be said about the update), and `codec-refused` for a codec that
 * checkEnvelope refuses.
 */
export function screenUpdate(input: ScreeningInput, registries: Registries = REGISTRIES): Screened {
  const { envelope } = input;
  const delta = decodedOrUndefined(input, registries);
  if (delta === undefined) return refused(envelope, "payload-malformed");
  const reason = firstReason(input, delta);
  if (reason !== undefined) return refused(envelope, reason);
  return { leaf: leafOf(envelope, "counted"), reason: "counted", delta };
}

/**
 * The vector of an update that was screened before. Throws `codec-malformed` if its payload is
 * malformed; also throws as screenUpdate does.
 */
export function decodeUpdate(
  { configuration, envelope, payload, payloadHash }: UpdateBytes,
  registries: Registries = REGISTRIES,
): Int32Array {
  checkPayload(envelope, payload, payloadHash ?? sha256(payload));
  const codecs = codecsById(codecConfigurations(configuration), registries.codecs);
  const codec = codecs.get(envelope.codec);
  if (codec !== undefined) return codec.decode(payload, configuration.parameterCount);
  throw new PlenaryError(
    "codec-refused",
    `This federation does not take the codec ${envelope.codec}.`,
    { codec: envelope.codec },
  );
}

function decodedOrUndefined(input: UpdateBytes, registries: Registries): Int32Array | undefined {
  try {
    return decodeUpdate(input, registries);
  } catch (error) {
    if (error instanceof PlenaryError && error.code === "codec-malformed") return undefined;
    throw error;
  }
}

function refused(envelope: Envelope, reason: Exclude<ReasonName, "counted">): Screened {
  return { leaf: leafOf(envelope, reason), reason };
}

function firstReason(
  { configuration, envelope, auditFailed }: ScreeningInput,
  delta: Int32Array,
): Exclude<ReasonName, "counted"> | undefined {
  if (!equalBytes(vectorRootFast(delta), envelope.deltaRoot)) return "delta-root-mismatch";
  const tooLarge = sizeReason(magnitudeOf(delta), configuration.screening);
  if (tooLarge !== undefined) return tooLarge;
  return auditFailed === true ? "audit-failed" : undefined;
}

function checkPayload(envelope: Envelope, payload: Uint8Array, payloadHash: Uint8Array): void {
  if (payload.length !== envelope.payloadLength)
    throw new PlenaryError(
      "payload-truncated",
      `The payload has ${payload.length} bytes, its envelope states ${envelope.payloadLength}.`,
      { expected: envelope.payloadLength, actual: payload.length },
    );
  if (!equalBytes(payloadHash, envelope.payloadHash))
    throw new PlenaryError(
      "payload-hash-mismatch",
      "The payload is not the one whose hash the envelope states.",
    );
}

function leafOf(envelope: Envelope, reason: ReasonName): UpdateLeaf {
  return {
    member: envelope.member,
    sequence: envelope.sequence,
    envelopeHash: envelopeHash(encodeEnvelope(envelope)),
    deltaRoot: envelope.deltaRoot,
    weight: reason === "counted" ? envelope.weight : 0,
    reason: REASONS[reason].code,
    payloadHash: envelope.payloadHash,
  };
}
