import { connectTo, createKeypair, publicKey, requestSol } from "@plenary/sdk";
import { configuredKeypair, required, type Session } from "../session.ts";

/** `plenary keygen FILE` */
export async function keygen({ output }: Session, file: string): Promise<void> {
  const keypair = await createKeypair(file);
  const address = keypair.publicKey.toBase58();
  output.say("keypair-created", `${file}: ${address}. Keep this file secret, and a copy of it.`, {
    file,
    address,
  });
}

/** `plenary airdrop [ADDRESS]` */
export async function airdrop(
  session: Session,
  address: string | undefined,
  { sol }: { readonly sol: number },
): Promise<void> {
  const owner =
    address === undefined
      ? (await configuredKeypair(session)).publicKey
      : publicKey(address, "account");
  const connection = connectTo(required(session, "rpc"));
  const transaction = await requestSol(connection, owner, sol, session.signal);
  session.output.say(
    "airdropped",
    `${sol} SOL for ${owner.toBase58()} in transaction ${transaction}`,
    {
      address: owner.toBase58(),
      sol,
      transaction,
    },
  );
}
