import { PROGRAM_ID, type SignedMessage } from "@plenary/chain";
import {
  type Envelope,
  encodeEnvelope,
  encodeOwnerAdmission,
  encodeReceipt,
  envelopeHash,
  type OwnerAdmission,
  signMessage,
  vectorRoot,
} from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import type { PlannedUpdate } from "./round-plan.ts";
import type { Scenario } from "./scenario.ts";
import { digest } from "./test-chain.ts";

export const GENESIS = digest("genesis");

export function signed(message: Uint8Array, key: Keypair): SignedMessage {
  return { message, signature: signMessage(message, key.secretKey), key: key.publicKey.toBytes() };
}

/** The envelope that a member of a scenario signs for an update of a round on `base`. */
export function envelopeOf(
  scenario: Scenario,
  owner: Keypair,
  base: Int32Array,
  { delta, weight }: Pick<PlannedUpdate, "delta" | "weight">,
  round: bigint,
  changes: Partial<Envelope> = {},
): Uint8Array {
  return encodeEnvelope({
    genesisHash: GENESIS,
    programId: PROGRAM_ID.toBytes(),
    federation: scenario.federation.toBytes(),
    round,
    member: scenario.memberAddress(owner).toBytes(),
    baseRoot: vectorRoot(base),
    sequence: 7n,
    codec: 0,
    payloadLength: 4 * delta.length,
    payloadHash: digest("payload"),
    weight,
    deltaRoot: vectorRoot(delta),
    checkpointRoot: new Uint8Array(32),
    ...changes,
  });
}

/** An update of a member that has signed its envelope. */
export function signedUpdate(
  scenario: Scenario,
  owner: Keypair,
  base: Int32Array,
  delta: Int32Array,
  weight: number,
): PlannedUpdate {
  return {
    member: scenario.memberAddress(owner).toBytes(),
    delta,
    weight,
    envelope: (round) => envelopeOf(scenario, owner, base, { delta, weight }, round),
  };
}

/** The aggregator's receipt for an envelope. */
export function receiptOf(
  scenario: Scenario,
  owner: Keypair,
  round: bigint,
  { sequence, envelope }: { readonly sequence: bigint; readonly envelope: Uint8Array },
  changes: Partial<Parameters<typeof encodeReceipt>[0]> = {},
): SignedMessage {
  const receipt = encodeReceipt({
    genesisHash: GENESIS,
    programId: PROGRAM_ID.toBytes(),
    federation: scenario.federation.toBytes(),
    round,
    member: scenario.memberAddress(owner).toBytes(),
    sequence,
    envelopeHash: envelopeHash(envelope),
    time: 1_800_000_000_000n,
    ...changes,
  });
  return signed(receipt, scenario.aggregator);
}

/** The authority's admission for an owner, for a day. */
export function admissionOf(
  scenario: Scenario,
  owner: Keypair,
  changes: Partial<OwnerAdmission> = {},
): Uint8Array {
  return encodeOwnerAdmission({
    genesisHash: GENESIS,
    programId: PROGRAM_ID.toBytes(),
    federation: scenario.federation.toBytes(),
    owner: owner.publicKey.toBytes(),
    validUntil: scenario.chain.now + 86_400n,
    ...changes,
  });
}
