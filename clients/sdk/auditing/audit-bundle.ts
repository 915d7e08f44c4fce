import {
  AnswerSetSchema,
  Base58Address,
  Base64,
  canonicalJsonBytes,
  decodeTrainingCommitment,
  encodeTrainingCommitment,
  fromBase64,
  fromHex,
  HexHash,
  PlenaryError,
  parserOf,
  toBase64,
  toHex,
  U64String,
} from "@plenary/protocol";
import type { TrainingEvidence } from "@plenary/training";
import Type from "typebox";

/*
 * What a member hands its auditor: one file, for the auditor's eyes only. It holds a magic value,
 * the length of the header (u32, little-endian), the header in canonical JSON, and the checkpoints'
 * bytes in the header's order.
 */

const MAGIC = new TextEncoder().encode("plenary/bundle/1");

const HeaderSchema = Type.Object(
  {
    federation: Base58Address,
    round: U64String,
    member: Base58Address,
    envelope: Base64,
    answers: AnswerSetSchema,
    commitment: Base64,
    commitmentPath: Type.Array(HexHash),
    checkpoints: Type.Array(
      Type.Object(
        {
          number: Type.Integer({ minimum: 1 }),
          length: Type.Integer({ minimum: 0 }),
          path: Type.Array(HexHash),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
const parseHeader = parserOf(HeaderSchema, "The audit bundle");

/**
 * What a drawn member shows its auditor: the signed envelope and the checkpoints of the training
 * behind it. Holds the member's answers: send it over a private channel.
 */
export interface AuditBundle {
  readonly federation: string;
  readonly round: bigint;
  readonly member: string;
  /** The signed message that the audit is about. */
  readonly envelope: Uint8Array;
  readonly evidence: TrainingEvidence;
}

/** The bundle as the bytes of one file, which `decodeAuditBundle` reads. */
export function encodeAuditBundle({
  federation,
  round,
  member,
  envelope,
  evidence,
}: AuditBundle): Uint8Array {
  const shown = [...evidence.checkpoints].sort(([a], [b]) => a - b);
  const header = canonicalJsonBytes({
    federation,
    round: round.toString(),
    member,
    envelope: toBase64(envelope),
    answers: evidence.answers,
    commitment: toBase64(encodeTrainingCommitment(evidence.commitment)),
    commitmentPath: evidence.commitmentPath.map(toHex),
    checkpoints: shown.map(([number, { bytes, path }]) => ({
      number,
      length: bytes.length,
      path: path.map(toHex),
    })),
  });
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length, true);
  const parts = [MAGIC, length, header, ...shown.map(([, { bytes }]) => bytes)];
  return Uint8Array.from(Buffer.concat(parts));
}

/** Throws `invalid-input` or `malformed-envelope` saying what is wrong. */
export function decodeAuditBundle(bytes: Uint8Array): AuditBundle {
  const start = MAGIC.length + 4;
  if (bytes.length < start || !MAGIC.every((byte, i) => bytes[i] === byte)) throw damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = start + view.getUint32(MAGIC.length, true);
  const header = parseHeader(jsonOf(bytes.subarray(start, body)));
  const lengths = header.checkpoints.reduce((sum, { length }) => sum + length, 0);
  if (bytes.length !== body + lengths) throw damaged();
  let offset = body;
  const checkpoints = header.checkpoints.map(({ number, length, path }) => {
    const shown = {
      bytes: bytes.slice(offset, offset + length),
      path: path.map((hash) => fromHex(hash)),
    };
    offset += length;
    return [number, shown] as const;
  });
  return {
    federation: header.federation,
    round: BigInt(header.round),
    member: header.member,
    envelope: fromBase64(header.envelope),
    evidence: {
      answers: header.answers,
      commitment: decodeTrainingCommitment(fromBase64(header.commitment)),
      commitmentPath: header.commitmentPath.map((hash) => fromHex(hash)),
      checkpoints: new Map(checkpoints),
    },
  };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // The cause would quote the answers.
    throw damaged();
  }
}

function damaged(): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    "This is not an audit bundle, or it is damaged: ask the member to export it again.",
  );
}
