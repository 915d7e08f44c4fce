import { type PublishedUpdate, updateLeafProof } from "@plenary/algorithms";
import {
  type Dispute,
  type DisputeSubject,
  disputeDemand,
  disputeOf,
  disputeOpen,
  missingPiece,
  PROGRAM_ID,
  readDispute,
  sendTransaction,
  tokenAccountAddress,
  tokenAccountCreate,
} from "@plenary/chain";
import { createMintToInstruction, getAccount } from "@solana/spl-token";
import { Connection, Keypair, PublicKey, type TransactionInstruction } from "@solana/web3.js";
import type { TestFederation } from "./federation.ts";

const POLL_MILLISECONDS = 40;
const TOKENS = 1_000n;

/** Somebody who disputes rounds and knows nothing: whatever a dispute needs it demands. */
export class DemandingChallenger {
  readonly #connection: Connection;
  readonly #federation: TestFederation;
  readonly #key: Keypair;

  private constructor(connection: Connection, federation: TestFederation, key: Keypair) {
    this.#connection = connection;
    this.#federation = federation;
    this.#key = key;
  }

  /** With tokens for deposits. */
  static async appear(rpcUrl: string, federation: TestFederation): Promise<DemandingChallenger> {
    const connection = new Connection(rpcUrl, "confirmed");
    const key = Keypair.generate();
    await connection.confirmTransaction(await connection.requestAirdrop(key.publicKey, 100_000_000_000));
    const { mint, authority } = federation;
    const payer = authority.publicKey;
    const tokens = tokenAccountAddress(mint, key.publicKey);
    await sendTransaction(
      connection,
      [
        ...tokenAccountCreate({ payer, mint, owner: key.publicKey }),
        createMintToInstruction(mint, tokens, payer, TOKENS),
      ],
      [authority],
    );
    return new DemandingChallenger(connection, federation, key);
  }

  /** Opens a dispute; gives its address. */
  async open(number: bigint, subject: DisputeSubject): Promise<PublicKey> {
    const federation = new PublicKey(this.#federation.address);
    const challenger = this.#key.publicKey;
    const source = tokenAccountAddress(this.#federation.mint, challenger);
    await this.#send(
      disputeOpen(PROGRAM_ID, {
        federation,
        rewardMint: this.#federation.mint,
        number,
        challenger,
        source,
        subject,
      }),
    );
    return disputeOf(PROGRAM_ID, federation, number, challenger, subject);
  }

  /**
   * Demands everything that a dispute lacks, one after the other, and waits until it is gone; gives what was demanded, each with the leaves
   * that were folded before.
   */
  async demandAll(address: PublicKey, updates: readonly PublishedUpdate[]): Promise<string[]> {
    const demanded: string[] = [];
    for (;;) {
      const dispute = await readDispute(this.#connection, address);
      if (dispute === null) return demanded;
      const piece = missingPiece(dispute);
      if (piece === null || dispute.demandDeadline !== 0n) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
        continue;
      }
      await this.#demand(dispute, updates);
      demanded.push(`${piece} ${dispute.nextLeaf}`);
    }
  }

  /** Demands what a new dispute lacks first. */
  async demandNext(address: PublicKey): Promise<void> {
    const dispute = await readDispute(this.#connection, address);
    if (dispute !== null) await this.#demand(dispute, []);
  }

  /** What it holds of the reward token. */
  async balance(): Promise<bigint> {
    return (
      await getAccount(this.#connection, tokenAccountAddress(this.#federation.mint, this.#key.publicKey))
    ).amount;
  }

  async #demand(dispute: Dispute, updates: readonly PublishedUpdate[]): Promise<void> {
    const leaves = updates.map(({ leaf }) => leaf);
    const isDelta = missingPiece(dispute) === "delta";
    await this.#send(
      disputeDemand(PROGRAM_ID, {
        dispute: dispute.address,
        challenger: this.#key.publicKey,
        pending: isDelta ? updateLeafProof(leaves, dispute.nextLeaf - 1) : undefined,
      }),
    );
  }

  #send(instructions: TransactionInstruction[]): Promise<string> {
    return sendTransaction(this.#connection, instructions, [this.#key], { pollInterval: POLL_MILLISECONDS });
  }
}
