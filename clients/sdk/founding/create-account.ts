import { createStrategy, initialState, rulesOf, vectorRootFast } from "@plenary/algorithms";
import {
  type Federation,
  federationCreate,
  readFederation,
  readTokenProgram,
  sendTransaction,
  type Terms,
} from "@plenary/chain";
import { configurationHash, equalBytes, PlenaryError, toHex } from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import type { CreateFederationOptions } from "./create-options.ts";
import type { PlannedFederation } from "./plan-federation.ts";
import { createRewardMint } from "./reward-mint.ts";

export async function createAccount(
  options: CreateFederationOptions,
  program: PublicKey,
  address: PublicKey,
): Promise<Federation> {
  const { connection, plan, authority, onStep } = options;
  const existing = await readFederation(connection, address);
  if (existing !== null) return sameFederation(existing, plan);
  const { configuration, initialModel } = plan;
  const rules = rulesOf(configuration, options.registries);
  const strategy = createStrategy(configuration.strategy, options.registries?.strategies);
  const id = options.id ?? 1n;
  const rewardMint =
    options.rewardMint ?? (await createRewardMint(connection, authority, id, onStep));
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  const instructions = federationCreate(program, {
    authority: authority.publicKey,
    rewardMint,
    tokenProgram,
    id,
    terms: termsOf(options),
    modelRoot: vectorRootFast(initialModel),
    stateRoot: vectorRootFast(initialState(strategy, configuration.parameterCount)),
    parameterCount: configuration.parameterCount,
    rules,
  });
  const reference = await sendTransaction(connection, instructions, [authority], {
    signal: options.signal,
  });
  onStep?.({ step: "federation", reference });
  const created = await readFederation(connection, address);
  if (created !== null) return created;
  throw new PlenaryError(
    "chain-unavailable",
    "The federation was created, but the RPC node does not show it yet.",
    {
      federation: address.toBase58(),
    },
  );
}

/** The existing federation, if it has the plan's configuration. Throws `conflict`. */
export function sameFederation(
  existing: Federation,
  { configuration }: PlannedFederation,
): Federation {
  const hash = configurationHash(configuration);
  if (equalBytes(existing.configurationHash, hash)) return existing;
  throw new PlenaryError(
    "conflict",
    `This authority has a federation ${existing.id} with another configuration: choose another id.`,
    {
      federation: existing.address.toBase58(),
      expected: toHex(existing.configurationHash),
      actual: toHex(hash),
    },
  );
}

function termsOf({ plan, aggregator, terms }: CreateFederationOptions): Terms {
  const { limits, rounds, rewardPerRound } = plan.configuration;
  const challengeWindow = terms?.challengeWindow ?? 3_600;
  return {
    aggregator: aggregator.publicKey,
    admission: terms?.admission ?? "open",
    configurationHash: configurationHash(plan.configuration),
    maxUpdates: limits.maxUpdates,
    maxWeight: limits.maxWeight,
    rewardPerRound: BigInt(rewardPerRound),
    minimumStake: terms?.minimumStake ?? 0n,
    minimumBond: terms?.minimumBond ?? 0n,
    challengeWindow,
    collectLimit: terms?.collectLimit ?? rounds.deadlineSeconds,
    grace: rounds.graceSeconds,
    exitCooldown: terms?.exitCooldown ?? challengeWindow,
  };
}
