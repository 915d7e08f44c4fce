import {
  federationCreate,
  MINT_LENGTH,
  mintCreate,
  mintTo,
  PROGRAM_ID,
  sendTransaction,
  type Terms,
  tokenAccountAddress,
  tokenAccountCreate,
} from "@plenary/chain";
import { EMPTY_ROOT, sha256 } from "@plenary/protocol";
import { type Connection, Keypair, type PublicKey } from "@solana/web3.js";
import { FEDAVG } from "./rules.ts";

/** 32 bytes that a label stands for, where a test needs some root or hash. */
export function digest(label: string): Uint8Array {
  return sha256(new TextEncoder().encode(label));
}

/**
 * Terms under which nothing runs out and nothing costs anything, except for what a test changes.
 */
export function testTerms(aggregator: PublicKey, changes: Partial<Terms> = {}): Terms {
  return {
    aggregator,
    admission: "open",
    configurationHash: digest("configuration"),
    maxUpdates: 16,
    maxWeight: 1000,
    rewardPerRound: 10n,
    minimumStake: 0n,
    minimumBond: 0n,
    challengeWindow: 1,
    collectLimit: 600,
    grace: 600,
    exitCooldown: 1,
    ...changes,
  };
}

type Creation = Parameters<typeof federationCreate>[1];

/**
 * Creates a federation with id 1, whose models have ten parameters and are averaged, unless
 * `creation` says otherwise.
 */
export function testFederationCreate(
  authority: PublicKey,
  rewardMint: PublicKey,
  terms: Terms,
  creation: Partial<Creation> = {},
): ReturnType<typeof federationCreate> {
  return federationCreate(PROGRAM_ID, {
    authority,
    rewardMint,
    id: 1n,
    terms,
    modelRoot: digest("model"),
    stateRoot: EMPTY_ROOT,
    parameterCount: 10,
    rules: FEDAVG,
    ...creation,
  });
}

/**
 * Makes an SPL token that the authority mints and pays for. Each of `holders` gets `supply` base
 * units.
 */
export async function createTestMint(
  connection: Connection,
  authority: Keypair,
  holders: readonly PublicKey[] = [],
  supply = 0n,
): Promise<PublicKey> {
  const mint = Keypair.generate();
  const rewardMint = mint.publicKey;
  const payer = authority.publicKey;
  const rent = await connection.getMinimumBalanceForRentExemption(MINT_LENGTH);
  const instructions = mintCreate({
    payer,
    mint: rewardMint,
    authority: payer,
    decimals: 6,
    rent,
  });
  for (const owner of holders)
    instructions.push(...mintInstructions(authority.publicKey, rewardMint, owner, supply));
  await sendTransaction(connection, instructions, [authority, mint]);
  return rewardMint;
}

/** Mints tokens into an owner's associated account, which is made if it does not exist. */
export function mintInstructions(
  authority: PublicKey,
  mint: PublicKey,
  owner: PublicKey,
  amount: bigint,
): ReturnType<typeof mintTo> {
  const destination = tokenAccountAddress(mint, owner);
  return [
    ...tokenAccountCreate({ payer: authority, mint, owner }),
    ...mintTo({ mint, authority, destination, amount }),
  ];
}
