import { federationAddress, readFederation, tokenAccountAddress } from "@plenary/chain";
import { configurationHash, ENDPOINTS, PlenaryError, toHex } from "@plenary/protocol";
import {
  createFederation,
  mintTo,
  type PlannedFederation,
  requestSol,
  type ServiceClient,
  tokenBalance,
} from "@plenary/sdk";
import { type Home, keepKeypair, LocalStackError } from "@plenary/stack";
import { type Connection, type Keypair, LAMPORTS_PER_SOL, type PublicKey } from "@solana/web3.js";
import { BOND, STAKE } from "./tokens.ts";

/**
 * Short, so that rounds become final and claims are paid while somebody watches. A federation
 * among strangers takes days.
 */
const CHALLENGE_WINDOW_SECONDS = 1;
const FOUNDER_SOL = 10;
const MEMBER_SOL = 1;

export interface FoundingSettings {
  readonly home: Home;
  readonly connection: Connection;
  readonly program: PublicKey;
  readonly service: ServiceClient;
  readonly plan: PlannedFederation;
  /** Number of the federation in this home. */
  readonly id: number;
  /** Seconds; 1 by default. */
  readonly challengeWindow?: number;
}

export interface LocalFederation {
  readonly address: PublicKey;
  readonly authority: Keypair;
  readonly rewardMint: PublicKey;
}

/**
 * Founds the federation of a plan on chain and registers it with the service. Completes one that
 * is half founded, and continues one that exists. Throws `run-failed` if the one on chain was
 * made from another plan.
 */
export async function foundLocalFederation(settings: FoundingSettings): Promise<LocalFederation> {
  const { home, connection, program, service, plan, id } = settings;
  const { challengeWindow = CHALLENGE_WINDOW_SECONDS } = settings;
  const authority = keepKeypair(home, "authority");
  const aggregator = keepKeypair(home, "aggregator");
  const address = federationAddress(program, authority.publicKey, BigInt(id));
  const known = await readFederation(connection, address);
  if (
    known !== null &&
    toHex(known.configurationHash) !== toHex(configurationHash(plan.configuration))
  ) {
    throw new LocalStackError(
      "run-failed",
      `Federation ${address.toBase58()} was founded with another configuration than this version of Plenary makes from the same options. Begin another with --fresh, or use the version that founded it.`,
      { federation: address.toBase58() },
    );
  }
  if (known !== null && (await isRegistered(service, address))) {
    return { address, authority, rewardMint: known.rewardMint };
  }
  for (const founder of [authority, aggregator])
    await ensureSol(connection, founder.publicKey, FOUNDER_SOL);
  const { rewardMint } = await createFederation({
    connection,
    client: service,
    program,
    authority,
    aggregator,
    id: BigInt(id),
    plan,
    fundedRounds: plan.configuration.rounds.total,
    terms: { minimumBond: BOND, minimumStake: STAKE, challengeWindow },
  });
  return { address, authority, rewardMint };
}

/** Gives an organisation SOL for fees and tokens for its stake before it joins. */
export async function equipMember(
  connection: Connection,
  { authority, rewardMint }: LocalFederation,
  owner: PublicKey,
): Promise<void> {
  await ensureSol(connection, owner, MEMBER_SOL);
  const missing = STAKE - (await tokenBalance(connection, tokenAccountAddress(rewardMint, owner)));
  if (missing > 0n)
    await mintTo(connection, { authority, mint: rewardMint, owner, amount: missing });
}

async function isRegistered(service: ServiceClient, address: PublicKey): Promise<boolean> {
  try {
    await service.call(ENDPOINTS.federationRead, { params: { federation: address.toBase58() } });
    return true;
  } catch (error) {
    if (error instanceof PlenaryError && error.code === "not-found") return false;
    throw error;
  }
}

/**
 * Requests SOL until an account can pay fees and rent. On a chain that gives none away, throws
 * `chain-unavailable` with the amount that is missing.
 */
async function ensureSol(connection: Connection, owner: PublicKey, sol: number): Promise<void> {
  const missing = sol - (await connection.getBalance(owner, "confirmed")) / LAMPORTS_PER_SOL;
  if (missing < sol / 2) return;
  try {
    await requestSol(connection, owner, missing);
  } catch (cause) {
    throw new LocalStackError(
      "chain-unavailable",
      `${owner.toBase58()} needs ${missing} SOL for fees and rent, and this chain gives none away. Send it there and start again.`,
      { address: owner.toBase58() },
      { cause },
    );
  }
}
