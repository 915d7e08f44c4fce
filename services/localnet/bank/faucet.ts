import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import bs58 from "bs58";
import { encodeLegacyMessage } from "./message.ts";

/** Prefix of an Ed25519 seed in PKCS #8 (RFC 8410), the form in which Node reads it. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SYSTEM_PROGRAM = new Uint8Array(32);
const COMPUTE_BUDGET_PROGRAM = bs58.decode("ComputeBudget111111111111111111111111111111");
const TRANSFER = 2;
const SET_COMPUTE_UNIT_LIMIT = 2;
const AIRDROP_UNITS = 10_000;

/** Lamports with which a new ledger's faucet begins: 500 million SOL. */
export const FAUCET_LAMPORTS = 500_000_000n * 1_000_000_000n;

/** The account that pays airdrops, by ordinary signed transactions. */
export class Faucet {
  readonly #key: KeyObject;
  readonly address: Uint8Array;
  #count = 0;

  /** `seed`: 32 secret bytes. */
  constructor(seed: Uint8Array) {
    this.#key = createPrivateKey({
      key: Buffer.concat([PKCS8_PREFIX, seed]),
      format: "der",
      type: "pkcs8",
    });
    this.address = createPublicKey(this.#key).export({ format: "der", type: "spki" }).subarray(-32);
  }

  /**
   * A signed transfer. Transfers of one amount to one account under one blockhash differ in their
   * compute unit limit.
   */
  transfer(to: Uint8Array, lamports: bigint, recentBlockhash: Uint8Array): Uint8Array {
    const amount = Buffer.alloc(12);
    amount.writeUInt32LE(TRANSFER, 0);
    amount.writeBigUInt64LE(lamports, 4);
    const limit = Buffer.alloc(5);
    limit[0] = SET_COMPUTE_UNIT_LIMIT;
    limit.writeUInt32LE(AIRDROP_UNITS + (this.#count++ % 1_000_000), 1);
    const message = encodeLegacyMessage({
      requiredSignatures: 1,
      readonlySigned: 0,
      readonlyUnsigned: 2,
      keys: [this.address, to, SYSTEM_PROGRAM, COMPUTE_BUDGET_PROGRAM],
      recentBlockhash,
      instructions: [
        { programIndex: 3, accounts: new Uint8Array(), data: limit },
        { programIndex: 2, accounts: Uint8Array.of(0, 1), data: amount },
      ],
    });
    return Buffer.concat([Uint8Array.of(1), sign(null, message, this.#key), message]);
  }
}
