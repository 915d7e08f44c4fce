import { existsSync, readFileSync } from "node:fs";
import { Keypair } from "@solana/web3.js";
import { LocalStackError } from "./errors.ts";
import { type Home, replaceFile } from "./home.ts";

/**
 * The keypair of a name in the home, made on first use. Its file is a Solana keypair file that
 * its owner alone can read.
 */
export function keepKeypair(home: Home, name: string): Keypair {
  const file = keypairFile(home, name);
  if (!existsSync(file)) {
    const keypair = Keypair.generate();
    replaceFile(file, JSON.stringify([...keypair.secretKey]));
    return keypair;
  }
  const bytes: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (
    !Array.isArray(bytes) ||
    bytes.length !== 64 ||
    !bytes.every((byte) => typeof byte === "number")
  ) {
    throw new LocalStackError(
      "run-failed",
      `${file} is not a Solana keypair file: restore it from a copy.`,
      {
        file,
      },
    );
  }
  return Keypair.fromSecretKey(Uint8Array.from(bytes));
}

/** The path of the keypair file of a name. */
export function keypairFile(home: Home, name: string): string {
  return home.file("keys", `${name}.json`);
}
