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

/** The owner to admit, the key that signs, and for how many seconds. */
export interface AdmitOwner {
  /** The federation's authority. It signs here and sends nothing. */
  readonly authority: Keypair;
  /** The key that may join. It will own the membership. */
  readonly owner: PublicKey;
  /** Seconds from now, by the chain's clock. */
  readonly validFor: number;
}

/**
 * Lets an owner join a federation that approves its members. The result is the authority's
 * signature, which the owner shows when it joins. It is valid until its end, also for joining again
 * after leaving, and ends early if the federation gets another authority. Throws `not-authority`,
 * `not-found`, and `invalid-input` if the owner needs no admission or the time is too long.
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
 * The admission in the form that the program checks. Everything that the program would refuse is
 * checked first, and so is the chain, which the program cannot see. Throws `verification-failed`
 * for a wrong signature, `wrong-chain`, and `invalid-input` with the reason.
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
