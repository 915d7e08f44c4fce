import { rulesOf, strategies } from "@plenary/algorithms";
import { type PluginConfiguration, parseAudits } from "@plenary/protocol";
import {
  connectTo,
  createFederation,
  createServiceClient,
  loadDataset,
  planFederation,
  publicKey,
  REWARD_DECIMALS,
  readKeypair,
} from "@plenary/sdk";
import { readJson } from "../json-file.ts";
import { rulesLine } from "../output/index.ts";
import { configuredKeypair, required, type Session } from "../session.ts";
import { textsOf, tokensWith } from "../tokens.ts";

export interface FederationFlags {
  readonly aggregator: string;
  readonly dataset: string;
  readonly split: number;
  readonly quorum: number;
  readonly id: bigint;
  readonly name?: string;
  readonly seed: number;
  readonly rounds: number;
  readonly deadline: number;
  /** In tokens. */
  readonly reward: string;
  readonly stake: string;
  readonly bond: string;
  readonly challengeWindow: number;
  readonly strategy: keyof typeof strategies;
  readonly momentum: number;
  readonly maxNorm: number;
  readonly audits?: string;
  readonly private?: boolean;
  readonly members: "open" | "approved";
}

/**
 * `plenary federation create`: account, vault and bond on chain, blobs and registration at the
 * service. Safe to repeat.
 */
export async function federationCreate(session: Session, flags: FederationFlags): Promise<void> {
  const authority = await configuredKeypair(session);
  const aggregator = await readKeypair(flags.aggregator);
  const dataset = await loadDataset(flags.dataset);
  const tokens = tokensWith(REWARD_DECIMALS);
  const plan = planFederation({
    name: flags.name ?? dataset.questionnaire.title.slice(0, 128),
    dataset,
    heldOut: dataset.answersOf(dataset.split(flags.split).unseen),
    quorum: flags.quorum,
    private: flags.private === true,
    seed: flags.seed,
    strategy: strategyOf(flags),
    maxNorm: flags.maxNorm,
    rounds: { total: flags.rounds, deadlineSeconds: flags.deadline },
    rewardPerRound: tokens.units(flags.reward),
    audits:
      flags.audits === undefined
        ? undefined
        : parseAudits(await readJson(flags.audits, "the audits' configuration")),
  });
  const { program } = session.settings;
  const created = await createFederation({
    connection: connectTo(required(session, "rpc")),
    client: createServiceClient({ url: required(session, "service") }),
    ...(program !== undefined && { program: publicKey(program, "program") }),
    authority,
    aggregator,
    id: flags.id,
    plan,
    terms: {
      admission: flags.members,
      minimumStake: tokens.units(flags.stake),
      minimumBond: tokens.units(flags.bond),
      challengeWindow: flags.challengeWindow,
    },
    onStep: ({ step, reference, moved }) => {
      const amounts =
        moved === undefined
          ? ""
          : `: it held ${tokens.text(moved.before)} tokens, holds ${tokens.text(moved.after)}`;
      const text = `${step}${reference === null ? "" : ` ${reference}`}${amounts}`;
      const fields = moved && textsOf({ ...moved }, tokens);
      session.output.say("step", text, { step, reference, ...fields });
    },
    signal: session.signal,
  });
  const rules = rulesOf(plan.configuration);
  const address = created.address.toBase58();
  const rewardMint = created.rewardMint.toBase58();
  const text = `federation ${address}, reward mint ${rewardMint}`;
  session.output.say("federation-created", [text, rulesLine(rules)], {
    address,
    rewardMint,
    rules,
  });
}

/** The strategy that is asked for, with the momentum if it takes one. */
function strategyOf({ strategy, momentum }: FederationFlags): PluginConfiguration {
  const takesMomentum = "momentum" in strategies[strategy].schema.properties;
  return { name: strategy, ...(takesMomentum && { momentum }) };
}
