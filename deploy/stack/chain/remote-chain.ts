import { Connection, type PublicKey } from "@solana/web3.js";
import { LocalStackError } from "../errors.ts";

/** Throws `chain-unavailable` unless the program is deployed on the chain at `url`. */
export async function requireProgram(url: string, program: PublicKey): Promise<void> {
  const address = program.toBase58();
  const connection = new Connection(url, {
    commitment: "confirmed",
    disableRetryOnRateLimit: true,
  });
  const account = await connection.getAccountInfo(program).catch((cause: unknown) => {
    throw new LocalStackError(
      "chain-unavailable",
      "The chain of PLENARY_RPC_URL does not answer. Correct the variable, or unset it to use a local chain.",
      {},
      { cause },
    );
  });
  if (account?.executable) return;
  throw new LocalStackError(
    "chain-unavailable",
    `The program ${address} is not deployed on the chain of PLENARY_RPC_URL. Deploy programs/plenary.so there, or set PLENARY_PROGRAM_ID to where it is.`,
    { program: address },
  );
}
