import { fromBase58, PlenaryError } from "@plenary/protocol";
import { Connection, PublicKey } from "@solana/web3.js";

/** A connection that only asks: nothing here keeps a WebSocket open. Throws `invalid-input` when the URL is none. */
export function connectTo(rpc: string): Connection {
  if (!URL.canParse(rpc) || !/^https?:/.test(rpc))
    throw new PlenaryError(
      "invalid-input",
      `${JSON.stringify(rpc)} is no URL of a Solana RPC node: give one like http://127.0.0.1:8899.`,
      { url: rpc },
    );
  return new Connection(rpc, "confirmed");
}

/** Throws `invalid-input` naming what the address is of. */
export function publicKey(text: string, what: string): PublicKey {
  try {
    return new PublicKey(fromBase58(text));
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `${JSON.stringify(text)} is no address of a ${what}: expected base58.`,
      { field: what },
      { cause },
    );
  }
}
