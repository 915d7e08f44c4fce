/**
 * Why an update with a receipt was not counted. The codes are part of leaves on chain: never reuse
 * one.
 */
export const REASONS = {
  counted: { code: 0, text: "The update was counted." },
  "payload-malformed": {
    code: 1,
    text: "The payload could not be decoded with the codec that the envelope names.",
  },
  "delta-root-mismatch": {
    code: 2,
    text: "The decoded update does not have the root that the envelope states.",
  },
  "delta-out-of-range": {
    code: 3,
    text: "An entry of the update is 2^27 or more in magnitude (8 in real units).",
  },
  "norm-exceeded": {
    code: 4,
    text: "The update's L2 norm is above the federation's screening limit.",
  },
  "audit-failed": {
    code: 5,
    text: "The training did not pass its audit: what the member committed to does not follow from its data, or it did not show it.",
  },
} as const satisfies Record<string, { code: number; text: string }>;

export type ReasonName = keyof typeof REASONS;

const BY_CODE = new Map<number, ReasonName>(
  (Object.keys(REASONS) as ReasonName[]).map((name) => [REASONS[name].code, name]),
);

/** The name of a leaf's reason code, or undefined if no such code is defined. */
export function reasonName(code: number): ReasonName | undefined {
  return BY_CODE.get(code);
}
