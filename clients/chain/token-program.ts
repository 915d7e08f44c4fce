import { PlenaryError } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from "./addresses.ts";
import { unreachable } from "./errors.ts";

/**
 * The program that owns a mint: SPL Token or Token-2022. The addresses of associated token accounts
 * and every instruction that moves tokens depend on it. Throws `not-found` if there is no such
 * mint, `invalid-input` if the account is something else, and `chain-unavailable`.
 */
export async function readTokenProgram(
  connection: Connection,
  mint: PublicKey,
): Promise<PublicKey> {
  const account = await connection.getAccountInfo(mint, "confirmed").catch(unreachable(connection));
  const address = mint.toBase58();
  if (account === null)
    throw new PlenaryError("not-found", `There is no mint ${address} on this chain.`, {
      mint: address,
    });
  const found = [TOKEN_PROGRAM, TOKEN_2022_PROGRAM].find((program) =>
    program.equals(account.owner),
  );
  if (found !== undefined) return found;
  throw new PlenaryError(
    "invalid-input",
    `The account ${address} belongs to ${account.owner.toBase58()}, so it is not a mint of SPL Token or Token-2022.`,
    { mint: address, owner: account.owner.toBase58() },
  );
}
