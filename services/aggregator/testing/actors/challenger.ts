import { chunkProof, type PublishedUpdate, updateLeafProof } from "@plenary/algorithms";
import {
  type Dispute,
  type DisputedVector,
  type DisputeSubject,
  disputeChunk,
  disputeDemand,
  disputeLeaf,
  disputeOf,
  disputeOpen,
  disputeResolve,
  missingPiece,
  PROGRAM_ID,
  readDispute,
  sendTransaction,
  TransactionFailed,
  tokenAccountAddress,
  tokenAccountCreate,
} from "@plenary/chain";
import { createMintToInstruction, getAccount } from "@solana/spl-token";
import { Connection, Keypair, PublicKey, type TransactionInstruction } from "@solana/web3.js";
import { giveSol, until } from "../../../../testing/index.ts";
import type { TestFederation } from "../chain/federation.ts";

const POLL_MILLISECONDS = 40;
const TOKENS = 1_000n;
/** A bound for a service that answers no demand any more. */
const MOST_SECONDS = 240;

/** A challenger that knows only what a test tells it: whatever else a dispute needs, it demands. */
export class DemandingChallenger {
  readonly #connection: Connection;
  readonly #federation: TestFederation;
  readonly #key: Keypair;

  private constructor(connection: Connection, federation: TestFederation, key: Keypair) {
    this.#connection = connection;
    this.#federation = federation;
    this.#key = key;
  }

  /** Its keys, with tokens for deposits. */
  static async appear(rpcUrl: string, federation: TestFederation): Promise<DemandingChallenger> {
    const connection = new Connection(rpcUrl, "confirmed");
    const key = Keypair.generate();
    await giveSol(connection, key.publicKey, 100);
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

  /** Opens a dispute, and resolves with its address. */
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
   * Demands everything that a dispute lacks, one piece after the other, and waits until the dispute
   * is gone. Resolves with what was demanded, each piece with the number of leaves that were folded
   * before.
   */
  async demandAll(address: PublicKey, updates: readonly PublishedUpdate[]): Promise<string[]> {
    const demanded: string[] = [];
    const look = async () => {
      const dispute = await readDispute(this.#connection, address);
      if (dispute === null) return true;
      const piece = missingPiece(dispute);
      if (piece === null || dispute.demandDeadline !== 0n) return false;
      if (await this.#demandOnce(dispute, updates)) demanded.push(`${piece} ${dispute.nextLeaf}`);
      return false;
    };
    const what = () =>
      `the end of a dispute in which ${demanded.join(", ") || "nothing"} was demanded`;
    await until(what, look, { seconds: MOST_SECONDS, pollMilliseconds: POLL_MILLISECONDS });
    return demanded;
  }

  /**
   * False if the last demand, of another leaf, was the very same transaction: it cannot be sent
   * again until there is a new blockhash.
   */
  async #demandOnce(dispute: Dispute, updates: readonly PublishedUpdate[]): Promise<boolean> {
    try {
      await this.#demand(dispute, updates);
      return true;
    } catch (error) {
      if (error instanceof TransactionFailed && /already been processed/.test(error.message))
        return false;
      throw error;
    }
  }

  /** Demands the first piece that a new dispute lacks. */
  async demandNext(address: PublicKey): Promise<void> {
    const dispute = await readDispute(this.#connection, address);
    if (dispute !== null) await this.#demand(dispute, []);
  }

  /** Folds every update, with its chunk, into a new dispute about a chunk. */
  async foldAll(
    address: PublicKey,
    updates: readonly PublishedUpdate[],
    deltas: readonly Int32Array[],
  ): Promise<void> {
    for (const [place, { leaf }] of updates.entries()) {
      const { index } = await this.#standing(address);
      const delta = deltas[place];
      const chunk = delta && chunkProof(delta, index);
      await this.#send(disputeLeaf(PROGRAM_ID, { ...this.#in(address), leaf, chunk }));
    }
  }

  /** Shows the disputed chunk of a vector. */
  async show(address: PublicKey, vector: DisputedVector, values: Int32Array): Promise<void> {
    const chunk = chunkProof(values, (await this.#standing(address)).index);
    await this.#send(disputeChunk(PROGRAM_ID, { ...this.#in(address), vector, chunk }));
  }

  /** Ends a dispute that it has won, and is paid for it. */
  async collect(number: bigint, address: PublicKey): Promise<void> {
    const { mint, address: federation } = this.#federation;
    const challenger = this.#key.publicKey;
    await this.#send(
      disputeResolve(PROGRAM_ID, {
        federation: new PublicKey(federation),
        rewardMint: mint,
        number,
        dispute: address,
        challenger,
        challengerTokens: tokenAccountAddress(mint, challenger),
      }),
    );
  }

  /** Its balance of the reward token. */
  async balance(): Promise<bigint> {
    return (
      await getAccount(
        this.#connection,
        tokenAccountAddress(this.#federation.mint, this.#key.publicKey),
      )
    ).amount;
  }

  #in(dispute: PublicKey) {
    return { dispute, challenger: this.#key.publicKey };
  }

  async #standing(address: PublicKey): Promise<Dispute> {
    const dispute = await readDispute(this.#connection, address);
    if (dispute === null) throw new Error(`the dispute ${address.toBase58()} is gone`);
    return dispute;
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
    return sendTransaction(this.#connection, instructions, [this.#key], {
      pollInterval: POLL_MILLISECONDS,
    });
  }
}
