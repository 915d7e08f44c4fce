/**
 * One member of bench/round.ts in a process of its own. It takes part in a round each time the
 * harness tells it to, through the SDK's service client. In the mode "ready" its update is a
 * payload with hashes, and the round includes signing and uploading. In the mode "whole" it is the
 * vector that training leaves, and the round also includes downloading and checking the base model
 * and encoding and hashing the update.
 */
import { createCodec, vectorRootFast } from "@plenary/algorithms";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  type Envelope,
  encodeEnvelope,
  equalBytes,
  fromBase58,
  fromBase64,
  fromHex,
  type RoundView,
  SIGNATURE_HEADER,
  sha256,
  signMessage,
  toBase64,
  vectorFromBytes,
  ZERO_HASH,
} from "@plenary/protocol";
import { createServiceClient } from "@plenary/sdk";

/** What a member's process is started with, as JSON in its first argument. */
export interface MemberSettings {
  readonly serviceUrl: string;
  readonly genesisHash: string;
  readonly programId: string;
  readonly parameters: number;
  readonly index: number;
  readonly memberships: readonly Membership[];
}

/** One of the federations that the process is a member of, each for one mode of measuring. */
export interface Membership {
  readonly federation: string;
  readonly member: string;
  /** Solana secret key, in base64. */
  readonly secretKey: string;
  readonly codec: string;
  readonly way: Way;
}

/** What a member does in a round. */
export type Way = "ready" | "whole";

/** Milliseconds of a member's part in one round. */
export interface MemberTimes {
  readonly download: number;
  readonly encode: number;
  readonly upload: number;
}

const settings: MemberSettings = JSON.parse(process.argv[2] ?? "");
const client = createServiceClient({ url: settings.serviceUrl });
const update = readyUpdate(settings.index, settings.parameters);

/** Values within +-0.06, as after a few local steps; different for each member. */
function readyUpdate(index: number, length: number): Int32Array {
  let state = index + 1;
  return Int32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state >> 11;
  });
}

/** The parts of an update that do not depend on the round. */
type Encoded = Pick<Envelope, "codec" | "payloadLength" | "payloadHash" | "deltaRoot"> & {
  readonly payload: Uint8Array;
};

function encode(name: string): Encoded {
  const codec = createCodec({ name });
  const payload = codec.encode(update);
  const decoded = name === "int32" ? update : codec.decode(payload, update.length);
  return {
    payload,
    codec: codec.id,
    payloadLength: payload.length,
    payloadHash: sha256(payload),
    deltaRoot: vectorRootFast(decoded),
  };
}

function messageOf(
  membership: Membership,
  round: RoundView,
  { payload: _, ...encoded }: Encoded,
): Uint8Array {
  return encodeEnvelope({
    ...encoded,
    genesisHash: fromHex(settings.genesisHash, 32),
    programId: fromBase58(settings.programId),
    federation: fromBase58(membership.federation),
    round: BigInt(round.number),
    member: fromBase58(membership.member),
    baseRoot: fromHex(round.baseRoot, 32),
    sequence: 1n,
    weight: 100 + settings.index,
    checkpointRoot: ZERO_HASH,
  });
}

async function downloadBase(round: RoundView): Promise<void> {
  const base = vectorFromBytes(await client.download(fromHex(round.baseBlob, 32)));
  if (!equalBytes(vectorRootFast(base), fromHex(round.baseRoot, 32)))
    throw new Error("The base model is not the one whose root is on chain.");
}

async function takePart(membership: Membership, ready: Encoded): Promise<MemberTimes> {
  const { federation, codec, way } = membership;
  const began = performance.now();
  const round = await client.call(ENDPOINTS.roundRead, {
    params: { federation, round: "current" },
  });
  if (way === "whole") await downloadBase(round);
  const downloaded = performance.now();
  const encoded = way === "whole" ? encode(codec) : ready;
  const message = messageOf(membership, round, encoded);
  const signature = signMessage(message, fromBase64(membership.secretKey));
  const signed = performance.now();
  await client.call(ENDPOINTS.updateSubmit, {
    params: { federation, round: round.number },
    headers: { [ENVELOPE_HEADER]: toBase64(message), [SIGNATURE_HEADER]: toBase64(signature) },
    body: encoded.payload,
  });
  return {
    download: downloaded - began,
    encode: signed - downloaded,
    upload: performance.now() - signed,
  };
}

const taken = settings.memberships.map((membership) => {
  const ready = encode(membership.codec);
  return () => takePart(membership, ready);
});
process.on("message", (message) => {
  const take = taken[Number(message)];
  take?.().then(
    (times) => process.send?.({ times }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
await client.call(ENDPOINTS.federationList);
process.send?.({ ready: true });
