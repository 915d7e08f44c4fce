import type { Connection, PublicKey, Signer, TransactionInstruction } from "@solana/web3.js";
import { isProgramError, TransactionFailed } from "./errors.ts";
import { accountMigrate } from "./generated/instructions.ts";
import { isOldLayout } from "./present-layout.ts";
import { type SendOptions, sendTransaction as sendAsItIs } from "./send-transaction.ts";

/**
 * Signs, sends and waits until the transaction is confirmed. The program refuses accounts of an
 * earlier layout: if it refuses the transaction and such accounts are named in it, this migrates
 * them and sends the transaction again.
 * @param signers the first pays the fee, and the rent that a migration adds.
 * @returns the signature, base58.
 * @throws TransactionFailed if a program refuses; TransactionUnknown if the transaction may have
 * landed and the node does not say; PlenaryError `insufficient-funds` if the payer lacks SOL, and
 * `chain-unavailable` if the node cannot be asked or nothing landed.
 */
export async function sendTransaction(
  connection: Connection,
  instructions: readonly TransactionInstruction[],
  signers: readonly Signer[],
  options: SendOptions = {},
): Promise<string> {
  try {
    return await sendAsItIs(connection, instructions, signers, options);
  } catch (error) {
    const [payer] = signers;
    if (!(error instanceof TransactionFailed) || payer === undefined) throw error;
    // If the node does not say what the accounts hold, the refusal is still what happened.
    const due = await accountsToMigrate(connection, instructions).catch(() => []);
    if (due.length === 0) throw error;
    for (const account of due) await migrate(connection, account, payer, options);
    return sendAsItIs(connection, instructions, signers, options);
  }
}

interface OldAccount {
  readonly address: PublicKey;
  readonly program: PublicKey;
}

/**
 * The accounts of an earlier layout among those that the instructions name. Only a program that the
 * payer already signs for counts as their owner: a strange one would get the payer's signature.
 */
async function accountsToMigrate(
  connection: Connection,
  instructions: readonly TransactionInstruction[],
): Promise<OldAccount[]> {
  const programs = new Set(instructions.map(({ programId }) => programId.toBase58()));
  const named = instructions.flatMap(({ keys }) => keys.map(({ pubkey }) => pubkey));
  const addresses = new Map(named.map((address) => [address.toBase58(), address]));
  const looks = [...addresses.values()].map(async (address) => {
    const account = await connection.getAccountInfo(address, "confirmed");
    return account !== null && programs.has(account.owner.toBase58()) && isOldLayout(account.data)
      ? [{ address, program: account.owner }]
      : [];
  });
  return (await Promise.all(looks)).flat();
}

/** Each account has a transaction of its own: somebody else may have migrated it by now. */
async function migrate(
  connection: Connection,
  { address: account, program }: OldAccount,
  payer: Signer,
  { pollInterval, signal }: SendOptions,
): Promise<void> {
  const instructions = accountMigrate(program, { account, payer: payer.publicKey });
  const options = { signal, ...(pollInterval !== undefined && { pollInterval }) };
  try {
    await sendAsItIs(connection, instructions, [payer], options);
  } catch (error) {
    if (!isProgramError(error, "NothingToMigrate")) throw error;
  }
}
