import type { Finding, Proof } from "@plenary/algorithms";
import type { Rules } from "@plenary/chain";

/**
 * Whether the program accepts a dispute that proves this. A chunk's dispute makes the program
 * compute, which it cannot do under rules that it does not know. Every other dispute is accepted in
 * any round.
 */
export function isDisputable(proof: Proof, { provable }: Pick<Rules, "provable">): boolean {
  if (proof.kind === "not-provable") return false;
  return provable || !needsChunk(proof);
}

/**
 * Whether a proof is brought as the dispute of a chunk. The total's dispute demands withheld
 * rewards.
 */
export function needsChunk(proof: Proof): boolean {
  return proof.kind === "chunk" || (proof.kind === "withheld" && proof.blob !== "rewards leaves");
}

/** The first finding that a dispute proves; null if none does. */
export function firstDisputable(
  findings: readonly Finding[],
  rules: Pick<Rules, "provable">,
): Finding | null {
  return findings.find((finding) => isDisputable(finding, rules)) ?? null;
}
