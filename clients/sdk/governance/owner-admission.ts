import {
  type Federation,
  instant,
  readChainTime,
  type SignedMessage,
  unreachable,
} from "@plenary/chain";
import {
  checkOwnerAdmission,
  encodeOwnerAdmission,
  equalBytes,
  fromBase58,
  fromBase64,
  PlenaryError,
  type SignedOwnerAdmission,
  signMessage,
  toBase58,
  toBase64,
} from "@plenary/protocol";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { type ChainAccess, requireFederation } from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";

/** Seconds in ten years. */
const LONGEST = 3_653 * 86_400;

export interface AdmitOwner {
  /** The federation's authority. It signs here and sends nothing. */
  readonly authority: Keypair;
  /** Who may join: the key that will own the membership. */
  readonly owner: PublicKey;
  /** Seconds from now, by the chain's clock. */
  readonly validFor: number;
}

/**
 * Lets an owner join a federation whose members are approved: the authority's signature, which the owner shows when it joins. It can be
 * used until it ends, also to come back after leaving, and ends early when the federation gets another authority. Throws `not-authority`,
 * `not-found`, and `invalid-input` where the owner needs no admission or the time is too long.
 */
export async function admitOwner(
  onChain: ChainAccess,
  { authority, owner, validFor }: AdmitOwner,
): Promise<SignedOwnerAdmission> {
  const { connection, program, address } = onChain;
  if (!Number.isInteger(validFor) || validFor < 0 || validFor > LONGEST)
    throw new PlenaryError(
      "invalid-input",
      `An admission is valid for at most ten years, not for ${validFor} seconds: it cannot be taken back.`,
      { field: "validFor" },
    );
  const federation = await requireFederation(onChain);
  requireAuthority(federation, authority.publicKey);
  if (federation.admission === "open")
    throw new PlenaryError(
      "invalid-input",
      "Anybody may join this federation: no admission is needed.",
    );
  const message = encodeOwnerAdmission({
    genesisHash: fromBase58(await connection.getGenesisHash().catch(unreachable(connection))),
    programId: program.toBytes(),
    federation: address.toBytes(),
    owner: owner.toBytes(),
    validUntil: (await readChainTime(connection)) + BigInt(validFor),
  });
  return {
    version: 1,
    kind: "admission",
    admission: toBase64(message),
    signature: toBase64(signMessage(message, authority.secretKey)),
    authority: authority.publicKey.toBase58(),
  };
}

/**
 * The admission as the program checks it, after everything that the program would refuse and what it cannot see: the chain. Throws
 * `verification-failed` on a wrong signature, `wrong-chain`, `invalid-input` saying what is wrong with it.
 */
export async function ownerAdmissionMessage(
  { connection, program, address }: ChainAccess,
  federation: Federation,
  owner: PublicKey,
  file: SignedOwnerAdmission,
): Promise<SignedMessage> {
  const admission = checkOwnerAdmission(file);
  const genesisHash = await connection.getGenesisHash().catch(unreachable(connection));
  if (toBase58(admission.genesisHash) !== genesisHash)
    throw new PlenaryError("wrong-chain", "The admission is for a federation on another chain.");
  if (
    !equalBytes(admission.programId, program.toBytes()) ||
    !equalBytes(admission.federation, address.toBytes())
  )
    throw refused(
      `is for the federation ${toBase58(admission.federation)}, not for ${address.toBase58()}`,
    );
  if (!equalBytes(admission.owner, owner.toBytes()))
    throw refused(`lets ${toBase58(admission.owner)} join, not ${owner.toBase58()}`);
  if (federation.authority.toBase58() !== file.authority)
    throw refused(
      `is signed by ${file.authority}, and the authority is ${federation.authority.toBase58()}`,
    );
  if ((await readChainTime(connection)) > admission.validUntil)
    throw refused(`ended at ${instant(admission.validUntil)}: ask for a new one`);
  return {
    message: fromBase64(file.admission),
    signature: fromBase64(file.signature),
    key: fromBase58(file.authority),
  };
}

function refused(problem: string): PlenaryError {
  return new PlenaryError("invalid-input", `The admission ${problem}.`, { problem });
}
