import { PlenaryError } from "@plenary/protocol";
import { Buffer } from "buffer";
import { fieldsFromAnchor } from "./codec.ts";
import { IDL } from "./generated/idl.ts";
import type { Accounts } from "./generated/structures.ts";
import { definitionOf, shapeOf } from "./idl/schema.ts";
import { presentLayout } from "./present-layout.ts";
import { CODER } from "./program.ts";

/** Layout versions that this client reads; earlier ones are brought to them first. */
const VERSIONS: Record<keyof Accounts, number> = {
  Dispute: 1,
  Equivocation: 1,
  Federation: 2,
  Member: 1,
  Round: 2,
};

/**
 * Decodes an account of the program.
 * @throws PlenaryError `invalid-input` if the bytes are not an account of this kind, or if this
 * client does not know their layout version.
 */
export function decodeAccount<Kind extends keyof Accounts>(
  kind: Kind,
  data: Uint8Array,
): Accounts[Kind] {
  const shape = shapeOf(definitionOf(IDL, kind));
  const fields = shape.kind === "struct" ? shape.fields : [];
  let decoded: Record<string, unknown>;
  try {
    const present = presentLayout(kind, data);
    const bytes = Buffer.from(present.buffer, present.byteOffset, present.byteLength);
    decoded = fieldsFromAnchor(fields, CODER.accounts.decode(kind, bytes), kind);
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `The account is not a ${kind}; check its address and the program's.`,
      { kind, bytes: data.length },
      { cause },
    );
  }
  if (decoded.version !== VERSIONS[kind])
    throw new PlenaryError(
      "invalid-input",
      `The ${kind} account has a layout that this client does not know; update the client.`,
      { kind, version: String(decoded.version) },
    );
  // The coder has read these fields by the IDL, from which the type is generated.
  return decoded as unknown as Accounts[Kind];
}
