import { openVerifier, type RoundVerification, verifyRound } from "@plenary/sdk";
import { EXIT } from "../exit-codes.ts";
import { required, type Session } from "../session.ts";

export interface VerifyFlags {
  readonly blobs?: string;
}

/** `plenary verify N` */
export async function verify(session: Session, number: bigint, { blobs }: VerifyFlags): Promise<number> {
  const { output, signal, settings } = session;
  const verifier = await openVerifier({ ...settings, rpc: required(session, "rpc"), blobs, signal });
  const found = await verifyRound(verifier, number, {
    signal,
    onProgress: (progress) => output.verification(number, progress),
  });
  output.say("round-verified", linesOf(found).join("\n"), { ...found });
  return found.valid ? EXIT.done : EXIT.verification;
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
  if (finding === null) lines.push(`round ${round} is right: ${counted} updates counted, ${refused} refused`);
  else lines.push(`round ${round} is wrong: ${finding.text}`);
  if (finding?.kind === "not-provable") lines.push(`no dispute proves this. ${finding.why}`);
  if (provable !== null && provable !== finding) lines.push(`and, provable on chain: ${provable.text}`);
  return lines;
}
