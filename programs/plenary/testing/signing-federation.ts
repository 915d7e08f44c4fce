import type { Keypair } from "@solana/web3.js";
import { FEDAVG } from "../../../testing/index.ts";
import { disputable } from "./disputed-round.ts";
import type { RoundPlan } from "./round-plan.ts";
import type { Scenario } from "./scenario.ts";
import { signedUpdate } from "./signed.ts";

export const BASE = Int32Array.from({ length: 70 }, (_, j) => j * 1_000_003);
const EMPTY: RoundPlan = {
  rules: FEDAVG,
  base: BASE,
  state: new Int32Array(),
  updates: [],
};

/** A federation whose members sign their envelopes, and the plan of a round with all of them. */
export function signingFederation(count: number): {
  scenario: Scenario;
  owners: Keypair[];
  plan: RoundPlan;
} {
  const scenario = disputable(EMPTY);
  const owners = Array.from({ length: count }, (_, i) => scenario.join(`signing member ${i}`));
  const updates = owners.map((owner, i) =>
    signedUpdate(
      scenario,
      owner,
      BASE,
      BASE.map((v) => v >> (3 + i)),
      2 + i,
    ),
  );
  return { scenario, owners, plan: { ...EMPTY, updates } };
}
