import {
  escrowAddress,
  federationAddress,
  federationCreate,
  memberAddress,
  PROGRAM_ID,
  roundAddress,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  tokenAccountAddress,
  transactionFailed,
  vaultAddress,
} from "@plenary/chain";
import { address, lamports, type Transaction as WireTransaction } from "@solana/kit";
import {
  type Keypair,
  type PublicKey,
  SystemProgram,
  Transaction,
  type TransactionInstruction,
} from "@solana/web3.js";
import { FailedTransactionMetadata } from "litesvm";
import { keypairOf, START, TestChain } from "../test-chain.ts";
import { createMint, issue } from "../tokens.ts";
import { chainTerms } from "./chain-terms.ts";
import { RULES, type RuleName } from "./rules.ts";
import {
  ACTORS,
  type Actor,
  GENESIS,
  genesisState,
  type Holder,
  OWNERS,
  type Owner,
  PURSE,
  type Terms,
} from "./state.ts";
import { PARAMETERS, rootOf, stateRootOf } from "./vectors.ts";

/** Pays fees and rent. It is not an actor of the model. */
export const PAYER = keypairOf("model payer").publicKey;

/**
 * A chain for one sequence after the other. Each sequence gets a federation of its own on it,
 * because a new virtual machine would take longer than the sequence. Signatures are neither made
 * nor checked, which is LiteSVM's task; the transaction states which accounts sign.
 */
export class Ground {
  readonly chain = new TestChain();
  readonly keys: Readonly<Record<Actor, PublicKey>>;
  readonly mints: Readonly<Record<"token" | "token2022" | "foreign", PublicKey>>;
  #federations = 0n;

  constructor() {
    const { chain } = this;
    this.keys = Object.fromEntries(
      ACTORS.map((actor) => [actor, chain.actor(labelOf(actor)).publicKey]),
    ) as Record<Actor, PublicKey>;
    this.mints = {
      token: createMint(chain, "model mint"),
      token2022: createMint(chain, "model mint of Token-2022", TOKEN_2022_PROGRAM),
      foreign: createMint(chain, "model foreign mint"),
    };
    for (const mint of Object.values(this.mints))
      for (const key of Object.values(this.keys)) issue(chain, mint, key, PURSE);
    for (const rich of [PAYER, ...Object.values(this.keys)]) enrich(chain, rich);
    chain.svm.withSigverify(false).withBlockhashCheck(false).withTransactionHistory(0n);
  }

  /** A new federation in which every actor holds `PURSE`. */
  begin(terms: Terms, rules: RuleName, token2022: boolean): World {
    const world = new World(this, token2022, this.#federations++);
    this.chain.now = START;
    for (const actor of ACTORS) world.setTokens(world.holder(actor), PURSE);
    world.create(terms, rules);
    return world;
  }
}

function labelOf(actor: Actor): string {
  return `model ${actor}`;
}

export function keypairFor(actor: Actor): Keypair {
  return keypairOf(labelOf(actor));
}

/** Adds lamports for the rent of every sequence: more than an airdrop gives. */
function enrich({ svm }: TestChain, at: PublicKey): void {
  const programAddress = address(SystemProgram.programId.toBase58());
  const account = { executable: false, programAddress, data: new Uint8Array(), space: 0n };
  svm.setAccount({ ...account, address: address(at.toBase58()), lamports: lamports(10n ** 17n) });
}

/** One federation on chain, addressed by the model's names. */
export class World {
  readonly ground: Ground;
  readonly id: bigint;
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  readonly tokenProgram: PublicKey;
  readonly vault: PublicKey;
  readonly escrow: PublicKey;
  readonly #members: ReadonlyMap<Owner, PublicKey>;
  readonly #holders = new Map<Holder, PublicKey>();

  constructor(ground: Ground, token2022: boolean, id: bigint) {
    this.ground = ground;
    this.id = id;
    const { keys, mints } = ground;
    this.federation = federationAddress(PROGRAM_ID, keys.authority, id);
    this.rewardMint = token2022 ? mints.token2022 : mints.token;
    this.tokenProgram = token2022 ? TOKEN_2022_PROGRAM : TOKEN_PROGRAM;
    this.vault = vaultAddress(PROGRAM_ID, this.federation);
    this.escrow = escrowAddress(PROGRAM_ID, this.federation);
    this.#members = new Map(
      OWNERS.map((owner) => [owner, memberAddress(PROGRAM_ID, this.federation, keys[owner])]),
    );
    this.#holders.set("vault", this.vault).set("escrow", this.escrow);
    this.#holders.set("foreign", tokenAccountAddress(mints.foreign, keys.stranger));
    for (const actor of ACTORS)
      this.#holders.set(
        actor,
        tokenAccountAddress(this.rewardMint, keys[actor], this.tokenProgram),
      );
  }

  get chain(): TestChain {
    return this.ground.chain;
  }

  /** The accounts of every instruction that transfers tokens. */
  get token(): { federation: PublicKey; rewardMint: PublicKey; tokenProgram: PublicKey } {
    const { federation, rewardMint, tokenProgram } = this;
    return { federation, rewardMint, tokenProgram };
  }

  create(terms: Terms, rules: RuleName): void {
    const create = federationCreate(PROGRAM_ID, {
      authority: this.key("authority"),
      rewardMint: this.rewardMint,
      tokenProgram: this.tokenProgram,
      id: this.id,
      terms: chainTerms((actor) => this.key(actor), terms),
      modelRoot: rootOf(GENESIS),
      stateRoot: stateRootOf(genesisState(rules)),
      parameterCount: PARAMETERS,
      rules: RULES[rules],
    });
    const error = this.send(create);
    if (error !== null) throw new Error(`The federation was not created: ${error}`);
  }

  key(actor: Actor): PublicKey {
    return this.ground.keys[actor];
  }

  rentPayer(name: Actor | "payer"): PublicKey {
    return name === "payer" ? PAYER : this.key(name);
  }

  /** The address of an owner's member account, whether it exists or not. */
  member(owner: Owner): PublicKey {
    return this.#members.get(owner)!;
  }

  round(number: bigint): PublicKey {
    return roundAddress(PROGRAM_ID, this.federation, number);
  }

  holder(name: Holder): PublicKey {
    return this.#holders.get(name)!;
  }

  /** Sends one transaction; returns the name of the error, or null. */
  send(instructions: readonly TransactionInstruction[]): string | null {
    const { svm } = this.chain;
    const transaction = new Transaction({
      feePayer: PAYER,
      recentBlockhash: svm.latestBlockhash(),
    });
    const message = transaction.add(...instructions).compileMessage();
    const signers = message.accountKeys.slice(0, message.header.numRequiredSignatures);
    const wire = {
      messageBytes: message.serialize(),
      signatures: Object.fromEntries(signers.map((key) => [key.toBase58(), new Uint8Array(64)])),
    };
    // Unsigned on purpose: Kit's type would require that the bytes were checked.
    const result = svm.sendTransaction(wire as unknown as WireTransaction);
    if (!(result instanceof FailedTransactionMetadata)) return null;
    const logs = result.meta().logs();
    // The system program's answer to an attempt to create an account twice.
    if (logs.some((line) => line.includes("already in use"))) return "AlreadyInUse";
    return transactionFailed(result.toString(), logs).programError ?? result.toString();
  }

  setTokens(at: PublicKey, amount: bigint): void {
    const data = this.chain.data(at);
    if (data === null) throw new Error(`There is no token account ${at.toBase58()}.`);
    // A token account holds its mint, its owner, then the amount.
    new DataView(data.buffer, data.byteOffset).setBigUint64(64, amount, true);
    this.chain.setData(at, this.tokenProgram, data);
  }
}
