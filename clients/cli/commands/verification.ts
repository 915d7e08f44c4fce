import type { Finding } from "@plenary/algorithms";
import {
  disputeFinding,
  openVerifier,
  type RoundVerification,
  type Verifier,
  verifyRound,
} from "@plenary/sdk";
import { EXIT } from "../exit-codes.ts";
import { disputeLine } from "../output/index.ts";
import { configuredKeypair, keypairIfAny, required, type Session } from "../session.ts";

export interface VerifyFlags {
  readonly blobs?: string;
  readonly dispute?: boolean;
}

/** `plenary verify N` */
export async function verify(
  session: Session,
  number: bigint,
  { blobs, dispute = false }: VerifyFlags,
): Promise<number> {
  const { output, signal, settings } = session;
  // A keypair that cannot be read should be found out before a long computation.
  const keypair = dispute ? await configuredKeypair(session) : await keypairIfAny(session);
  const verifier = await openVerifier({
    ...settings,
    keypair,
    rpc: required(session, "rpc"),
    blobs,
    signal,
  });
  const found = await verifyRound(verifier, number, {
    signal,
    onProgress: (progress) => output.verification(number, progress),
  });
  output.say("round-verified", linesOf(found), { ...found });
  if (dispute && found.provable !== null) await prove(session, verifier, number, found.provable);
  return found.valid ? EXIT.done : EXIT.verification;
}

async function prove(
  session: Session,
  verifier: Verifier,
  round: bigint,
  proof: Finding,
): Promise<void> {
  const { output, signal } = session;
  await disputeFinding(verifier, {
    challenger: await configuredKeypair(session),
    round,
    proof,
    signal,
    onEvent: (event) => {
      const { type, ...fields } = event;
      output.say(type, disputeLine(event), fields);
    },
  });
}

function linesOf({
  round,
  finding,
  provable,
  comparisons,
  counted,
  refused,
  uncheckedKeys,
}: RoundVerification): string[] {
  const lines = comparisons.map(
    ({ field, chain, computed, equal }) =>
      `${equal ? "equal    " : "DIFFERENT"}  ${field.padEnd(18)}  ${chain}${equal ? "" : ` on chain, ${computed} computed`}`,
  );
  if (uncheckedKeys > 0)
    lines.push(`${uncheckedKeys} signing keys are no longer on chain and were not checked`);
  if (finding === null)
    lines.push(`round ${round} is right: ${counted} updates counted, ${refused} refused`);
  else lines.push(`round ${round} is wrong: ${finding.text}`);
  if (finding?.kind === "not-provable") lines.push(`no dispute proves this. ${finding.why}`);
  if (provable !== null && provable !== finding)
    lines.push(`and, provable on chain: ${provable.text}`);
  return lines;
}
