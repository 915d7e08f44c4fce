import {
  authorityAccept,
  authorityPropose,
  type Federation,
  requireLamports,
  sendTransaction,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { type Keypair, PublicKey } from "@solana/web3.js";
import { type ChainAccess, type ChainOptions, requireFederation } from "../chain-state/index.ts";

/** The keys after the change; `proposed` is null if the authority is offered to nobody. */
export interface AuthorityChange {
  /** The authority as it is now. */
  readonly authority: PublicKey;
  /** The key that it is offered to; null if it is offered to nobody. */
  readonly proposed: PublicKey | null;
  /** Null if there was nothing to change. */
  readonly transaction: string | null;
}

/**
 * Offers the authority to another key, which takes it with `acceptAuthority`. Null takes the offer
 * back. Nothing changes until it is accepted. Safe to repeat. Throws `not-authority`,
 * `invalid-input`, `insufficient-funds`, `transaction-failed` and `transaction-unknown`.
 */
export async function proposeAuthority(
  context: ChainAccess,
  authority: Keypair,
  proposed: PublicKey | null,
  { signal }: ChainOptions = {},
): Promise<AuthorityChange> {
  const federation = await requireFederation(context);
  requireAuthority(federation, authority.publicKey);
  if (proposed?.equals(authority.publicKey))
    throw new PlenaryError(
      "invalid-input",
      `${proposed.toBase58()} is the authority: there is nothing to hand over.`,
      { authority: proposed.toBase58() },
    );
  const wanted = proposed ?? PublicKey.default;
  const result = {
    authority: authority.publicKey,
    proposed: wanted.equals(PublicKey.default) ? null : wanted,
  };
  if (federation.proposedAuthority.equals(wanted)) return { ...result, transaction: null };
  await requireLamports(context.connection, authority.publicKey);
  const propose = { federation: context.address, authority: authority.publicKey, proposed: wanted };
  const instructions = authorityPropose(context.program, propose);
  const transaction = await sendTransaction(context.connection, instructions, [authority], {
    signal,
  });
  return { ...result, transaction };
}

/**
 * Takes the authority that was offered to this key. Safe to repeat. Throws `not-authority` if it
 * was offered to another key, or to nobody.
 */
export async function acceptAuthority(
  context: ChainAccess,
  proposed: Keypair,
  { signal }: ChainOptions = {},
): Promise<AuthorityChange> {
  const key = proposed.publicKey;
  const federation = await requireFederation(context);
  const result = { authority: key, proposed: null };
  if (!federation.proposedAuthority.equals(key)) {
    if (federation.authority.equals(key)) return { ...result, transaction: null };
    throw notOffered(federation, key);
  }
  await requireLamports(context.connection, key);
  const accept = { federation: context.address, proposedAuthority: key };
  const instructions = authorityAccept(context.program, accept);
  return {
    ...result,
    transaction: await sendTransaction(context.connection, instructions, [proposed], { signal }),
  };
}

function notOffered({ authority, proposedAuthority }: Federation, key: PublicKey): PlenaryError {
  const whom = proposedAuthority.equals(PublicKey.default)
    ? "nobody"
    : proposedAuthority.toBase58();
  return new PlenaryError(
    "not-authority",
    `The authority is offered to ${whom}, not to ${key.toBase58()}: let ${authority.toBase58()} propose that key.`,
    { authority: authority.toBase58(), proposed: whom, key: key.toBase58() },
  );
}

/** Throws `not-authority` before anything is sent. */
export function requireAuthority({ authority }: Federation, key: PublicKey): void {
  if (authority.equals(key)) return;
  throw new PlenaryError(
    "not-authority",
    `Only the federation's authority, ${authority.toBase58()}, may do this; this is ${key.toBase58()}.`,
    { authority: authority.toBase58(), key: key.toBase58() },
  );
}
