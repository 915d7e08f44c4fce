import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import bs58 from "bs58";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { systemErrorCode } from "../errors.ts";
import { writeDurably } from "./durable-file.ts";
import { damaged } from "./ledger-errors.ts";
import { holdsChain } from "./segments.ts";

const IDENTITY_FILE = "ledger.json";

const Identity = Type.Object({
  version: Type.Literal(1),
  genesisHash: Type.String(),
  genesisTime: Type.Integer({ minimum: 0 }),
  seed: Type.String(),
  faucet: Type.String(),
});
/**
 * What tells one ledger from another. `genesisHash` is in base58, `genesisTime` in milliseconds
 * since 1970. Two fields are secret: `seed` (hex), from which the hashes of slots derive, and
 * `faucet` (hex), the Ed25519 seed of the account that pays airdrops.
 */
export type LedgerIdentity = Static<typeof Identity>;
const identitySchema = Compile(Identity);

/** The identity of the ledger in a folder; null if there is none. Throws `ledger-damaged`. */
export function readIdentity(folder: string): LedgerIdentity | null {
  const path = join(folder, IDENTITY_FILE);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (identitySchema.Check(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damaged(path, "it does not have the form of a ledger's identity");
}

/**
 * Makes a new ledger's identity. Throws `ledger-damaged` if the folder holds a chain without one.
 */
export function createIdentity(folder: string, genesisTime: number): LedgerIdentity {
  if (holdsChain(folder))
    throw damaged(join(folder, IDENTITY_FILE), "it is missing beside a journal");
  const identity: LedgerIdentity = {
    version: 1,
    genesisHash: bs58.encode(randomBytes(32)),
    genesisTime,
    seed: randomBytes(32).toString("hex"),
    faucet: randomBytes(32).toString("hex"),
  };
  writeDurably(join(folder, IDENTITY_FILE), Buffer.from(`${JSON.stringify(identity, null, 2)}\n`));
  return identity;
}
