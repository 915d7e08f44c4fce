/**
 * One member of bench/round.ts in a process of its own. It holds a ready update, as after training, and takes part in a round each time
 * the harness says so: base model down and checked, update encoded, hashed, signed and up, all through the SDK's service client.
 */
import { createCompressor, vectorRootFast } from "@plenary/algorithms";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  type Envelope,
  encodeEnvelope,
  equalBytes,
  fromBase58,
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
  readonly federation: string;
  readonly member: string;
  /** Solana secret key, in base64. */
  readonly secretKey: string;
  readonly genesisHash: string;
  readonly programId: string;
  readonly parameters: number;
  readonly codec: string;
  readonly index: number;
}

/** Milliseconds of a member's part in one round. */
export interface MemberTimes {
  readonly download: number;
  readonly encode: number;
  readonly upload: number;
}

const settings: MemberSettings = JSON.parse(process.argv[2] ?? "");
const client = createServiceClient({ url: settings.serviceUrl });
const compressor = createCompressor(settings.codec);
const secretKey = new Uint8Array(Buffer.from(settings.secretKey, "base64"));
const update = readyUpdate(settings.index, settings.parameters);

/** Values within +-0.06, as after a few local steps; another for each member. */
function readyUpdate(index: number, length: number): Int32Array {
  let state = index + 1;
  return Int32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state >> 11;
  });
}

async function takePart(): Promise<MemberTimes> {
  const began = performance.now();
  const round = await client.call(ENDPOINTS.roundRead, {
    params: { federation: settings.federation, round: "current" },
  });
  const base = vectorFromBytes(await client.download(fromHex(round.baseBlob, 32)));
  if (!equalBytes(vectorRootFast(base), fromHex(round.baseRoot, 32)))
    throw new Error("The base model is not the one whose root stands on chain.");
  const downloaded = performance.now();
  const { payload, message } = encode(round);
  const encoded = performance.now();
  await client.call(ENDPOINTS.updateSubmit, {
    params: { federation: settings.federation, round: round.number },
    headers: {
      [ENVELOPE_HEADER]: toBase64(message),
      [SIGNATURE_HEADER]: toBase64(signMessage(message, secretKey)),
    },
    body: payload,
  });
  return { download: downloaded - began, encode: encoded - downloaded, upload: performance.now() - encoded };
}

function encode(round: RoundView): { payload: Uint8Array; message: Uint8Array } {
  const payload = compressor.encode(update);
  const decoded = settings.codec === "int32" ? update : compressor.decode(payload, update.length);
  const envelope: Envelope = {
    genesisHash: fromHex(settings.genesisHash, 32),
    programId: fromBase58(settings.programId),
    federation: fromBase58(settings.federation),
    round: BigInt(round.number),
    member: fromBase58(settings.member),
    baseRoot: fromHex(round.baseRoot, 32),
    sequence: 1n,
    codec: compressor.id,
    payloadLength: payload.length,
    payloadHash: sha256(payload),
    weight: 100 + settings.index,
    deltaRoot: vectorRootFast(decoded),
    checkpointRoot: ZERO_HASH,
  };
  return { payload, message: encodeEnvelope(envelope) };
}

process.on("message", () => {
  takePart().then(
    (times) => process.send?.({ times }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
// Compiled and warm, as a member is that has just trained.
vectorRootFast(update);
await client.call(ENDPOINTS.federationRead, { params: { federation: settings.federation } });
process.send?.({ ready: true });
