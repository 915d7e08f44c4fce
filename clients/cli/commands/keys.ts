import { solText } from "@plenary/chain";
import { connectTo, createKeypair, publicKey, requestSol } from "@plenary/sdk";
import { configuredKeypair, required, type Session } from "../session.ts";

/** `plenary keygen FILE` */
export async function keygen({ output }: Session, file: string): Promise<void> {
  const keypair = await createKeypair(file);
  const address = keypair.publicKey.toBase58();
  output.say(
    "keypair-created",
    `${file}: ${address}. Keep this file secret, and keep a copy of it.`,
    {
      file,
      address,
    },
  );
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
  const { transaction, before, after } = await requestSol(connection, owner, sol, session.signal);
  const account = owner.toBase58();
  session.output.say(
    "airdropped",
    `${sol} SOL in transaction ${transaction}: ${account} held ${solText(before)} SOL and holds ${solText(after)} SOL`,
    { address: account, sol, transaction, before, after },
  );
}
