import { createCompressor, vectorRootFast } from "@plenary/algorithms";
import type { Round } from "@plenary/chain";
import {
  decodeReceipt,
  type Envelope,
  encodeEnvelope,
  envelopeHash,
  equalBytes,
  fromBase64,
  fromHex,
  PlenaryError,
  type ReceiptView,
  sha256,
  signMessage,
  toHex,
  verifySignature,
  ZERO_HASH,
} from "@plenary/protocol";
import type { Keypair, PublicKey } from "@solana/web3.js";
import type { FederationContext } from "../access/index.ts";

/** An update as it travels. */
export interface EncodedUpdate {
  readonly codec: number;
  readonly payload: Uint8Array;
  /** Root of what the payload decodes to: codecs lose precision, and the round adds up the decoded integers. */
  readonly deltaRoot: Uint8Array;
}

/** Compresses an update with one of the federation's codecs, the first by default. Throws `invalid-input`, `codec-refused`. */
export function encodeUpdate(
  context: Pick<FederationContext, "configuration">,
  delta: Int32Array,
  codec: string | undefined,
): EncodedUpdate {
  const { codecs } = context.configuration;
  const name = codec ?? codecs[0] ?? "";
  if (!codecs.includes(name))
    throw new PlenaryError(
      "codec-refused",
      `This federation takes the codecs ${codecs.join(", ")} only.`,
      {
        codec: name,
      },
    );
  const compressor = createCompressor(name);
  const payload = compressor.encode(delta);
  return {
    codec: compressor.id,
    payload,
    deltaRoot: vectorRootFast(compressor.decode(payload, delta.length)),
  };
}

/** What an envelope says about an update beside the update itself. */
export interface Subject {
  readonly context: Pick<FederationContext, "genesisHash" | "program" | "address">;
  readonly round: Pick<Round, "number" | "baseRoot">;
  readonly member: PublicKey;
  readonly sequence: bigint;
  readonly weight: number;
  /** Root over the checkpoints of the training; none by default. */
  readonly checkpointRoot?: Uint8Array;
}

export interface SignedEnvelope {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The envelope of an update, signed by the member's update-signing key. */
export function signUpdate(
  subject: Subject,
  update: EncodedUpdate,
  keypair: Keypair,
): SignedEnvelope {
  const { context, round, member, sequence, weight } = subject;
  return sign(
    {
      genesisHash: context.genesisHash,
      programId: context.program.toBytes(),
      federation: context.address.toBytes(),
      round: round.number,
      member: member.toBytes(),
      baseRoot: round.baseRoot,
      sequence,
      codec: update.codec,
      payloadLength: update.payload.length,
      payloadHash: sha256(update.payload),
      weight,
      deltaRoot: update.deltaRoot,
      checkpointRoot: subject.checkpointRoot ?? ZERO_HASH,
    },
    keypair,
  );
}

/** The same update for another round with the same base, as after a void: trained once, signed twice. */
export function signAgain(
  envelope: Envelope,
  round: bigint,
  sequence: bigint,
  keypair: Keypair,
): SignedEnvelope {
  return sign({ ...envelope, round, sequence }, keypair);
}

function sign(envelope: Envelope, keypair: Keypair): SignedEnvelope {
  const message = encodeEnvelope(envelope);
  return { message, signature: signMessage(message, keypair.secretKey) };
}

/**
 * Checks that a receipt is the promise that it should be: for this envelope, signed by the aggregator that the Round account names. Throws
 * `verification-failed` saying what is wrong; such a receipt proves nothing on chain.
 */
export function verifyReceipt(
  view: ReceiptView,
  envelope: Envelope,
  message: Uint8Array,
  aggregator: PublicKey,
): void {
  const bytes = fromBase64(view.receipt);
  if (!verifySignature(bytes, fromBase64(view.signature), aggregator.toBytes()))
    throw invalid("it is not signed by the federation's aggregator", envelope);
  const receipt = decodeReceipt(bytes);
  const hash = envelopeHash(message);
  if (!equalBytes(receipt.envelopeHash, hash) || !equalBytes(fromHex(view.envelopeHash, 32), hash))
    throw invalid("it is for another envelope", envelope);
  for (const field of ["genesisHash", "programId", "federation", "member"] as const)
    if (!equalBytes(receipt[field], envelope[field]))
      throw invalid(`it names another ${field}`, envelope);
  for (const field of ["round", "sequence"] as const)
    if (receipt[field] !== envelope[field])
      throw invalid(`it is for ${field} ${receipt[field]}, not ${envelope[field]}`, envelope);
}

function invalid(problem: string, envelope: Envelope): PlenaryError {
  return new PlenaryError(
    "verification-failed",
    `The receipt for round ${envelope.round} is worthless: ${problem}. The service is wrong or lies; keep the receipt and tell the federation.`,
    { round: envelope.round.toString(), member: toHex(envelope.member) },
  );
}
