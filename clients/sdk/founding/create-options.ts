import type { Registries } from "@plenary/algorithms";
import type { Terms } from "@plenary/chain";
import type { ServiceClient } from "@plenary/service";
import type { Connection, Keypair, PublicKey } from "@solana/web3.js";
import type { PlannedFederation } from "./plan-federation.ts";

/** A planned federation, the keys that found it, and the terms that differ from the defaults. */
export interface CreateFederationOptions {
  readonly connection: Connection;
  readonly client: ServiceClient;
  readonly program?: PublicKey;
  /** Owns the federation and, unless `rewardMint` is given, the mint of its reward token. */
  readonly authority: Keypair;
  /** The aggregator's key, with which the service signs receipts. It posts the bond. */
  readonly aggregator: Keypair;
  /** Tells federations of one authority apart; 1 by default. */
  readonly id?: bigint;
  readonly plan: PlannedFederation;
  /** The plug-ins that the configuration may name; those that Plenary comes with by default. */
  readonly registries?: Registries | undefined;
  /** An existing mint, of which the authority holds what it funds. By default one is made. */
  readonly rewardMint?: PublicKey;
  /** Rounds that the vault can pay for at first; all of them by default, 1,000 without an end. */
  readonly fundedRounds?: number;
  readonly terms?: Partial<
    Pick<
      Terms,
      | "admission"
      | "minimumStake"
      | "minimumBond"
      | "challengeWindow"
      | "collectLimit"
      | "exitCooldown"
    >
  >;
  readonly onStep?: (step: CreateStep) => void;
  readonly signal?: AbortSignal;
}

/** A step of the creation that is done. */
export interface CreateStep {
  readonly step: "mint" | "federation" | "vault" | "bond" | "blob" | "register";
  /** Transaction signature, or the hash of the blob. */
  readonly reference: string | null;
  /** Tokens that the step moved, and what vault or bond was before and is now. */
  readonly moved?: {
    readonly amount: bigint;
    readonly before: bigint;
    readonly after: bigint;
  };
}
