import {
  federationAddress,
  PROGRAM_ID,
  readFederation,
  roundCommit,
  roundOpen,
  sendTransaction,
  type Terms,
  tokenAccountAddress,
} from "@plenary/chain";
import { EMPTY_ROOT } from "@plenary/protocol";
import { type Connection, Keypair, type PublicKey } from "@solana/web3.js";
import {
  createTestMint,
  digest,
  mintInstructions,
  testFederationCreate,
  testTerms,
} from "./federation-account.ts";
import { FEDAVG } from "./rules.ts";
import { giveSol, type TestChain } from "./start-chain.ts";

/**
 * A federation whose rounds the test itself opens and commits. No one trains, and no service runs.
 */
export interface ChainFederation {
  readonly connection: Connection;
  readonly program: PublicKey;
  readonly address: PublicKey;
  readonly rewardMint: PublicKey;
  readonly authority: Keypair;
  readonly aggregator: Keypair;
  /** SOL for fees, and reward tokens. */
  equip(owner: PublicKey, tokens?: bigint): Promise<void>;
  tokensOf(owner: PublicKey): PublicKey;
  openRound(): Promise<bigint>;
  commitRound(): Promise<void>;
  /** As TestChain.past. */
  past(time: bigint): Promise<void>;
}

export async function createChainFederation(
  { connection, past }: TestChain,
  changes: Partial<Terms>,
  rules = FEDAVG,
): Promise<ChainFederation> {
  const [authority, aggregator] = [Keypair.generate(), Keypair.generate()];
  for (const { publicKey } of [authority, aggregator]) await giveSol(connection, publicKey, 5);
  const rewardMint = await createTestMint(connection, authority, [authority.publicKey]);
  const terms = testTerms(aggregator.publicKey, changes);
  const create = testFederationCreate(authority.publicKey, rewardMint, terms, { rules });
  await sendTransaction(connection, create, [authority]);
  const address = federationAddress(PROGRAM_ID, authority.publicKey, 1n);
  return {
    ...{ connection, program: PROGRAM_ID, address, rewardMint, authority, aggregator },
    tokensOf: (owner) => tokenAccountAddress(rewardMint, owner),
    async equip(owner, tokens = 0n) {
      await giveSol(connection, owner);
      const mint = mintInstructions(authority.publicKey, rewardMint, owner, tokens);
      if (tokens > 0n) await sendTransaction(connection, mint, [authority]);
    },
    ...roundsOf(connection, address, aggregator, terms.collectLimit),
    past,
  };
}

function roundsOf(
  connection: Connection,
  federation: PublicKey,
  aggregator: Keypair,
  collectSeconds: number,
): Pick<ChainFederation, "openRound" | "commitRound"> {
  const signer = { federation, aggregator: aggregator.publicKey };
  const current = async () => {
    const account = await readFederation(connection, federation);
    if (account === null) throw new Error("There is no such federation.");
    return account;
  };
  return {
    async openRound() {
      const { nextRound: number, lastModelRoot: baseRoot } = await current();
      const round = { number, baseRoot, baseStateRoot: EMPTY_ROOT, collectSeconds };
      const open = { ...signer, ...round, payer: aggregator.publicKey };
      await sendTransaction(connection, roundOpen(PROGRAM_ID, open), [aggregator]);
      return number;
    },
    async commitRound() {
      const { openRound: number } = await current();
      const result = {
        nextRoot: digest(`model ${number}`),
        nextStateRoot: EMPTY_ROOT,
        updatesRoot: digest("updates"),
        updateCount: 1,
        totalWeight: 1,
        rewardsRoot: EMPTY_ROOT,
        rewardCount: 0,
        cumulativeRewards: 0n,
        manifestHash: digest("manifest"),
      };
      const commit = roundCommit(PROGRAM_ID, { ...signer, number, result });
      await sendTransaction(connection, commit, [aggregator]);
    },
  };
}
