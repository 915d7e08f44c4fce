import { type Proof, rewardLeafProof, updateLeafProof } from "@plenary/algorithms";
import type { DisputeSubject } from "@plenary/chain";
import { PlenaryError, toBase58 } from "@plenary/protocol";
import type { Evidence } from "./evidence.ts";

/**
 * The dispute on chain that proves a finding. Throws `invalid-input` if there is none, and
 * `not-found` if the bytes that it opens with are withheld.
 */
export function subjectOf(proof: Proof, { leaves, earned, round }: Evidence): DisputeSubject {
  switch (proof.kind) {
    case "chunk":
      return { kind: "chunk", index: proof.chunk };
    case "leaf":
      if (leaves === null) throw withheld("the leaves of the updates tree");
      return { kind: "envelope", proof: updateLeafProof(leaves, proof.index) };
    case "shortfall": {
      const index = earned?.findIndex(({ member }) => toBase58(member) === proof.member) ?? -1;
      if (earned === null || index < 0) throw withheld("the rewards of the round before");
      return {
        kind: "shortfall",
        baseRound: round.baseRound,
        proof: rewardLeafProof(earned, index),
      };
    }
    case "overpay":
      return { kind: "total" };
    case "withheld":
      return proof.blob === "rewards leaves"
        ? { kind: "total" }
        : { kind: "chunk", index: proof.chunk };
    case "not-provable":
      throw new PlenaryError("invalid-input", `No dispute proves this. ${proof.why}`, {
        kind: proof.kind,
      });
  }
}

function withheld(what: string): PlenaryError {
  return new PlenaryError(
    "not-found",
    `Cannot open this dispute: ${what} are no longer available. A dispute of a chunk makes the aggregator show its leaves.`,
  );
}
