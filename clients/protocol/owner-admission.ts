import Type, { type Static } from "typebox";
import { fromBase58, fromBase64 } from "./bytes.ts";
import { PlenaryError } from "./errors.ts";
import { layout, type RecordOf } from "./layout.ts";
import { Base58Address, Base64, parserOf } from "./schema.ts";
import { verifySignature } from "./signature.ts";

const ADMISSION_FIELDS = {
  genesisHash: "bytes32",
  programId: "bytes32",
  federation: "bytes32",
  owner: "bytes32",
  validUntil: "i64",
} as const;
const ADMISSION = layout(
  "admission",
  new TextEncoder().encode("plenary/admission/1"),
  ADMISSION_FIELDS,
);

/**
 * What a federation's authority signs to let an owner join. The owner may join up to `validUntil`,
 * in Unix seconds.
 */
export type OwnerAdmission = RecordOf<typeof ADMISSION_FIELDS>;

/** The bytes that the authority signs. Throws `invalid-input` naming a field out of range. */
export function encodeOwnerAdmission(admission: OwnerAdmission): Uint8Array {
  return ADMISSION.encode(admission);
}

/** Throws `malformed-envelope` naming what is wrong. */
export function decodeOwnerAdmission(bytes: Uint8Array): OwnerAdmission {
  return ADMISSION.decode(bytes);
}

/**
 * An admission with its signature: the file that the authority hands to the owner. It need not be
 * kept secret.
 */
export const SignedOwnerAdmission = Type.Object(
  {
    version: Type.Literal(1),
    kind: Type.Literal("admission"),
    admission: Base64,
    signature: Base64,
    /** The key that signed it. */
    authority: Base58Address,
  },
  { additionalProperties: false },
);
export type SignedOwnerAdmission = Static<typeof SignedOwnerAdmission>;

/** Throws `invalid-input` naming the field that is wrong. */
export const parseOwnerAdmission = parserOf(SignedOwnerAdmission, "An admission");

/**
 * Checks what can be checked without the chain, which knows the authority, and returns what was
 * signed. Throws `verification-failed` if the signature does not hold, and `malformed-envelope` on
 * bytes that do not hold an admission.
 */
export function checkOwnerAdmission({
  admission,
  signature,
  authority,
}: SignedOwnerAdmission): OwnerAdmission {
  const message = fromBase64(admission);
  if (!verifySignature(message, fromBase64(signature), fromBase58(authority)))
    throw new PlenaryError("verification-failed", `This admission is not signed by ${authority}.`, {
      authority,
    });
  return decodeOwnerAdmission(message);
}
