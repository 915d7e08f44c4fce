import { PlenaryError } from "@plenary/protocol";
import { Buffer } from "buffer";
import { fieldsFromAnchor } from "./codec.ts";
import { IDL } from "./generated/idl.ts";
import type { Accounts } from "./generated/structures.ts";
import { definitionOf, shapeOf } from "./idl/schema.ts";
import { CODER } from "./program.ts";

const VERSION = 1;

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
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    decoded = fieldsFromAnchor(fields, CODER.accounts.decode(kind, bytes), kind);
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `The account is not a ${kind}; check its address and the program's.`,
      { kind, bytes: data.length },
      { cause },
    );
  }
  if (decoded.version !== VERSION)
    throw new PlenaryError(
      "invalid-input",
      `The ${kind} account has a layout that this client does not know; update the client.`,
      { kind, version: String(decoded.version) },
    );
  // The coder has read these fields by the IDL, from which the type is generated.
  return decoded as unknown as Accounts[Kind];
}
