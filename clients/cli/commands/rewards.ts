import { memberAddress } from "@plenary/chain";
import { claimRewards, publicKey, readRewardProof } from "@plenary/sdk";
import { EXIT } from "../exit-codes.ts";
import {
  accessConfigured,
  configuredKeypair,
  configuredOwner,
  keypairIfAny,
  type Session,
} from "../session.ts";
import { tokensOf } from "../tokens.ts";

/** `plenary claim` */
export async function claim(session: Session, { wait }: { readonly wait: number }): Promise<void> {
  const payer = (await keypairIfAny(session)) ?? (await configuredKeypair(session));
  const owner = await configuredOwner(session);
  const federation = await accessConfigured(session);
  const claimed = await claimRewards(federation, payer, {
    owner,
    waitMilliseconds: 1000 * wait,
    signal: session.signal,
  });
  const { transaction, round, payout } = claimed;
  const { text: inTokens } = await tokensOf(federation);
  const [amount, before] = [inTokens(claimed.amount), inTokens(claimed.before)];
  const after = inTokens(claimed.after);
  const text =
    transaction !== null
      ? `claimed ${amount} tokens in transaction ${transaction}, all that is due up to round ${round}: ${payout.toBase58()} held ${before} and holds ${after}`
      : round === null
        ? "nothing to claim: no final round pays this member yet"
        : `nothing to claim: everything up to round ${round} is claimed`;
  session.output.say("claimed", text, {
    amount,
    transaction,
    round,
    payout: payout.toBase58(),
    before,
    after,
  });
}

/** `plenary verify-claim [OWNER]` */
export async function verifyClaim(session: Session, owner: string | undefined): Promise<number> {
  const federation = await accessConfigured(session);
  const key =
    owner === undefined ? await configuredOwner(session) : publicKey(owner, "member's owner");
  const member = memberAddress(federation.program, federation.address, key);
  const proof = await readRewardProof(federation, member, session.signal);
  if (proof === null) {
    session.output.say("claim-proof", `no final round pays ${member.toBase58()} yet`, {
      member: member.toBase58(),
      proof,
    });
    return EXIT.done;
  }
  const { round, index, path } = proof;
  const cumulative = (await tokensOf(federation)).text(proof.cumulative);
  session.output.say(
    "claim-proof",
    `the rewards root of round ${round} on chain proves that ${member.toBase58()} has earned ${cumulative} tokens in all (leaf ${index}, ${path.length} hashes)`,
    { member: member.toBase58(), proof: { round, cumulative, index, path } },
  );
  return EXIT.done;
}
