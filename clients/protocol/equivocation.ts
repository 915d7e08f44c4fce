import Type, { type Static } from "typebox";
import { equalBytes, fromBase58, fromBase64 } from "./bytes.ts";
import { decodeEnvelope, type Envelope } from "./envelope.ts";
import { PlenaryError } from "./errors.ts";
import { Base58Address, Base64, parserOf } from "./schema.ts";
import { verifySignature } from "./signature.ts";

const SignedEnvelope = Type.Object(
  { envelope: Base64, signature: Base64 },
  { additionalProperties: false },
);

/**
 * Two envelopes that a member signed with one sequence. Anyone can check this file, and it costs
 * the member its stake.
 */
export const EquivocationEvidence = Type.Object(
  {
    version: Type.Literal(1),
    kind: Type.Literal("equivocation"),
    /** The update-signing key of the member in that round. */
    signingKey: Base58Address,
    first: SignedEnvelope,
    second: SignedEnvelope,
  },
  { additionalProperties: false },
);
export type EquivocationEvidence = Static<typeof EquivocationEvidence>;

/** Throws `invalid-input` naming the field that is wrong. */
export const parseEquivocation = parserOf(EquivocationEvidence, "Evidence of equivocation");

/**
 * Checks everything that can be checked without the chain, which knows whose key it was, and
 * returns the first envelope. Throws `verification-failed` saying why the two do not contradict
 * each other, and `malformed-envelope` on bytes that do not hold an envelope.
 */
export function checkEquivocation({ signingKey, first, second }: EquivocationEvidence): Envelope {
  const key = fromBase58(signingKey);
  const read = ({ envelope, signature }: EquivocationEvidence["first"], number: number) => {
    const message = fromBase64(envelope);
    if (!verifySignature(message, fromBase64(signature), key))
      throw refuted(`envelope ${number} is not signed by ${signingKey}`);
    return decodeEnvelope(message);
  };
  const [one, other] = [read(first, 1), read(second, 2)];
  if (first.envelope === second.envelope) throw refuted("the two envelopes are the same");
  for (const field of ["genesisHash", "programId", "federation", "member"] as const)
    if (!equalBytes(one[field], other[field])) throw refuted(`they differ in ${field}`);
  for (const field of ["round", "sequence"] as const)
    if (one[field] !== other[field])
      throw refuted(`they differ in ${field}: ${one[field]} and ${other[field]}`);
  return one;
}

function refuted(problem: string): PlenaryError {
  return new PlenaryError(
    "verification-failed",
    `This does not prove an equivocation: ${problem}.`,
    {
      problem,
    },
  );
}
