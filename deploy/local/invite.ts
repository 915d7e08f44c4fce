import { PROGRAM_ID } from "@plenary/chain";
import { extendFederation, openAccess, readFederationView } from "@plenary/sdk";
import { keypairFile } from "@plenary/stack";
import { answersFile, type MembersSettings, type Organisation } from "./members.ts";
import { formatTokens, STAKE } from "./tokens.ts";

/** Rounds that a federation continues for at a time, once its run is done. */
const MORE_ROUNDS = 1_000;

/** Lets a federation that is complete continue, so that others can still join. */
export async function continueFederation({ stack, federation }: MembersSettings): Promise<void> {
  const access = await openAccess({
    service: stack.serviceUrl,
    rpc: stack.rpcUrl,
    program: stack.program.toBase58(),
    federation: federation.address.toBase58(),
  });
  const { status, totalRounds } = await readFederationView(access, undefined);
  if (status !== "complete") return;
  await extendFederation(access, federation.authority, totalRounds + MORE_ROUNDS);
}

/**
 * The commands with which another organisation joins from the clone, in their order. Its answers
 * are those of a first member, as an example of the form.
 */
export function inviteLines(settings: MembersSettings, example: Organisation): string[] {
  const { home, stack, federation } = settings;
  const own = stack.program.equals(PROGRAM_ID) ? "" : ` --program ${stack.program.toBase58()}`;
  const chain = `--rpc ${stack.rpcUrl} --federation ${federation.address.toBase58()}${own}`;
  const both = `--service ${stack.serviceUrl} ${chain} --keypair organisation.json`;
  const data = `--data ${answersFile(settings, example)}`;
  const grant = `federation grant organisation.json ${formatTokens(STAKE)}`;
  return [
    "The federation continues. Another organisation joins with these commands:",
    "  npx plenary keygen organisation.json",
    `  npx plenary airdrop --rpc ${stack.rpcUrl} --keypair organisation.json`,
    `  npx plenary ${grant} ${chain} --keypair ${keypairFile(home, "authority")}`,
    `  npx plenary join ${both} ${data}`,
    `  npx plenary train ${both} ${data} --state organisation --rounds 1`,
    `The answers are those of ${example.name}, as an example: put your own file in their place.`,
  ];
}
