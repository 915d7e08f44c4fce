import { fromBase58, PlenaryError } from "@plenary/protocol";
import { Connection, PublicKey } from "@solana/web3.js";

/**
 * A connection for requests alone: nothing keeps a WebSocket open. Throws `invalid-input` on a
 * malformed URL.
 */
export function connectTo(rpc: string): Connection {
  if (!URL.canParse(rpc) || !/^https?:/.test(rpc))
    throw new PlenaryError(
      "invalid-input",
      `${JSON.stringify(rpc)} is not the URL of a Solana RPC node: give one like http://127.0.0.1:8899.`,
      { url: rpc },
    );
  return new Connection(rpc, "confirmed");
}

/** An address in base58. Throws `invalid-input`; `what` says what the address should be of. */
export function publicKey(text: string, what: string): PublicKey {
  try {
    return new PublicKey(fromBase58(text));
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `${JSON.stringify(text)} is not the address of a ${what}: expected base58.`,
      { field: what },
      { cause },
    );
  }
}
