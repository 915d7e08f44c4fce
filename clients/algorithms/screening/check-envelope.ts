import {
  codecConfigurations,
  type Envelope,
  type ErrorCode,
  equalBytes,
  type FederationConfiguration,
  PlenaryError,
  toBase58,
  toHex,
  ZERO_HASH,
} from "@plenary/protocol";
import { codecsById } from "../codecs/index.ts";

import { REGISTRIES, type Registries } from "../registries.ts";

/** What an envelope must state to belong to a round. */
export interface RoundIdentity {
  readonly genesisHash: Uint8Array;
  readonly programId: Uint8Array;
  readonly federation: Uint8Array;
  readonly round: bigint;
  readonly baseRoot: Uint8Array;
}

/**
 * Whether an envelope may get a receipt, as far as the envelope alone tells: right chain,
 * federation, round and base, a codec of the federation, a payload and weight within its limits,
 * and checkpoints where training is audited. The caller checks signature, membership and sequence.
 * Throws `wrong-chain`, `wrong-round`, `base-stale`, `codec-refused`, `payload-too-large`,
 * `weight-out-of-range` or `checkpoints-missing`. An update that passes and is wrong nevertheless
 * gets a leaf with its reason (screenUpdate).
 */
export function checkEnvelope(
  envelope: Envelope,
  identity: RoundIdentity,
  configuration: FederationConfiguration,
  registries: Registries = REGISTRIES,
): void {
  checkIdentity(envelope, identity);
  checkCodec(envelope, configuration, registries);
  checkLimits(envelope, configuration);
}

function checkIdentity(envelope: Envelope, identity: RoundIdentity): void {
  if (!equalBytes(envelope.genesisHash, identity.genesisHash))
    throw refusal("wrong-chain", "The update was signed for another chain.", {
      genesisHash: toHex(envelope.genesisHash),
    });
  if (!equalBytes(envelope.programId, identity.programId))
    throw refusal("wrong-chain", "The update was signed for another program.", {
      programId: toBase58(envelope.programId),
    });
  if (!equalBytes(envelope.federation, identity.federation))
    throw refusal("wrong-chain", "The update was signed for another federation.", {
      federation: toBase58(envelope.federation),
    });
  if (envelope.round !== identity.round)
    throw refusal(
      "wrong-round",
      `The update is for round ${envelope.round}, this is round ${identity.round}.`,
      {
        expected: identity.round.toString(),
        actual: envelope.round.toString(),
      },
    );
  if (!equalBytes(envelope.baseRoot, identity.baseRoot))
    throw refusal(
      "base-stale",
      "The update was trained on another model than this round's base. Train again.",
      {
        expected: toHex(identity.baseRoot),
        actual: toHex(envelope.baseRoot),
      },
    );
}

function checkCodec(
  { codec }: Envelope,
  configuration: FederationConfiguration,
  registries: Registries,
): void {
  const configurations = codecConfigurations(configuration);
  if (codecsById(configurations, registries.codecs).has(codec)) return;
  const names = configurations.map(({ name }) => name).join(", ");
  throw refusal("codec-refused", `This federation takes the codecs ${names} only.`, { codec });
}

function checkLimits(envelope: Envelope, configuration: FederationConfiguration): void {
  const { limits } = configuration;
  if (envelope.payloadLength > limits.maxPayloadBytes)
    throw refusal(
      "payload-too-large",
      `This federation takes payloads of at most ${limits.maxPayloadBytes} bytes; this one has ${envelope.payloadLength}.`,
      { limit: limits.maxPayloadBytes, actual: envelope.payloadLength },
    );
  if (envelope.weight < 1 || envelope.weight > limits.maxWeight)
    throw refusal(
      "weight-out-of-range",
      `A weight must be from 1 to ${limits.maxWeight} in this federation; this one is ${envelope.weight}.`,
      {
        limit: limits.maxWeight,
        actual: envelope.weight,
      },
    );
  if (configuration.audits !== undefined && equalBytes(envelope.checkpointRoot, ZERO_HASH))
    throw refusal(
      "checkpoints-missing",
      "This federation audits training: an update must commit to the checkpoints of its training. Train with checkpoints.",
      {},
    );
}

function refusal(
  code: ErrorCode,
  message: string,
  context: Record<string, string | number>,
): PlenaryError {
  return new PlenaryError(code, message, context);
}
