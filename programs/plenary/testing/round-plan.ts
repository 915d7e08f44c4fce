import type { Rules } from "@plenary/chain";
import { decodeEnvelope, envelopeHash, type UpdateLeaf, vectorRoot } from "@plenary/protocol";
import { digest } from "./test-chain.ts";

/** One update of a planned round. It is refused if `weight` is 0. */
export interface PlannedUpdate {
  readonly member: Uint8Array;
  readonly delta: Int32Array;
  readonly weight: number;
  /**
   * What the member signed for the round with this number. Without it, the leaf has a made-up hash,
   * which suffices where no signature is checked.
   */
  readonly envelope?: (round: bigint) => Uint8Array;
}

export interface RoundPlan {
  readonly rules: Rules;
  readonly base: Int32Array;
  /** Empty if the strategy keeps none. */
  readonly state: Int32Array;
  readonly updates: readonly PlannedUpdate[];
}

/** The leaf of a planned update. */
export function plannedLeaf(
  { member, delta, weight, envelope }: PlannedUpdate,
  round = 0n,
): UpdateLeaf {
  const leaf = { member, deltaRoot: vectorRoot(delta), weight, reason: weight === 0 ? 4 : 0 };
  const message = envelope?.(round);
  if (message === undefined) {
    const [hash, payloadHash] = [digest("envelope"), digest("payload")];
    return { ...leaf, sequence: 1n, envelopeHash: hash, payloadHash };
  }
  const { sequence, payloadHash } = decodeEnvelope(message);
  return { ...leaf, sequence, envelopeHash: envelopeHash(message), payloadHash };
}

const LIMIT = 2n ** 31n - 1n;

/**
 * The round's arithmetic in arbitrary precision, straight from docs/protocol.md: an oracle for the
 * program, which has 64 bits.
 */
export function outcomeOf({ rules, base, state, updates }: RoundPlan): {
  next: Int32Array;
  nextState: Int32Array;
} {
  const weight = updates.reduce((sum, update) => sum + BigInt(update.weight), 0n);
  const next = new Int32Array(base.length);
  const nextState = new Int32Array(state.length);
  for (let j = 0; j < base.length; j++) {
    const sum = updates.reduce(
      (total, update) => total + BigInt(update.weight) * BigInt(update.delta[j] ?? 0),
      0n,
    );
    let step = weight === 0n ? 0n : roundHalfUp(sum, weight);
    if (rules.strategy === 1) {
      const momentum = BigInt(rules.parameters[0] ?? 0);
      step = clamp(roundHalfUp(momentum * BigInt(state[j] ?? 0), 65536n) + step);
      nextState[j] = Number(step);
    }
    next[j] = Number(clamp(BigInt(base[j] ?? 0) + step));
  }
  return { next, nextState };
}

/** floor(numerator / denominator + 1/2), the denominator being positive. */
function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  const [dividend, divisor] = [2n * numerator + denominator, 2n * denominator];
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

function clamp(value: bigint): bigint {
  return value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value;
}
