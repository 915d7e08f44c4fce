import { rulesOf } from "@plenary/algorithms";
import { solText } from "@plenary/chain";
import { countCells } from "@plenary/protocol";
import {
  type CreateFederationOptions,
  checkFounding,
  connectTo,
  createFederation,
  createServiceClient,
  extendFederation,
  type FoundingCosts,
  foundingCosts,
  type PartyCosts,
  publicKey,
  REWARD_DECIMALS,
  readFederationView,
  readKeypair,
} from "@plenary/sdk";
import { rulesLine } from "../output/index.ts";
import { accessConfigured, configuredKeypair, required, type Session } from "../session.ts";
import { type Tokens, textsOf, tokensOf, tokensWith } from "../tokens.ts";
import { type FoundingPlan, foundingPlan, type PlanFlags } from "./founding-plan.ts";

export interface FederationFlags extends PlanFlags {
  readonly aggregator: string;
  readonly id: bigint;
  /** In tokens. */
  readonly stake: string;
  readonly bond: string;
  readonly challengeWindow: number;
  readonly exitCooldown?: number;
  readonly fundedRounds?: number;
  readonly members: "open" | "approved";
  readonly check?: boolean;
}

/**
 * `plenary federation create`: account, vault and bond on chain, blobs and registration at the
 * service. Everything is checked first. Safe to repeat. With --check it says what it would do.
 */
export async function federationCreate(session: Session, flags: FederationFlags): Promise<void> {
  const { output } = session;
  const tokens = tokensWith(REWARD_DECIMALS);
  const founding = await foundingPlan(flags, tokens);
  const options = await optionsOf(session, flags, founding, tokens);
  if (flags.check === true) {
    const costs = await foundingCosts(options);
    const lines = [...planLines(founding, options, tokens), ...costLines(costs, tokens)];
    const { configuration } = founding.plan;
    output.say("federation-plan", lines, { configuration, costs: costFields(costs, tokens) });
    await checkFounding(options);
    output.say("federation-checked", "nothing was sent: this can be founded", {});
    return;
  }
  const created = await createFederation(options);
  const rules = rulesOf(founding.plan.configuration);
  const address = created.address.toBase58();
  const rewardMint = created.rewardMint.toBase58();
  const text = `federation ${address}, reward mint ${rewardMint}`;
  output.say("federation-created", [text, rulesLine(rules)], { address, rewardMint, rules });
}

async function optionsOf(
  session: Session,
  flags: FederationFlags,
  { plan }: FoundingPlan,
  tokens: Tokens,
): Promise<CreateFederationOptions> {
  const { program } = session.settings;
  const { challengeWindow, exitCooldown, fundedRounds } = flags;
  return {
    connection: connectTo(required(session, "rpc")),
    client: createServiceClient({ url: required(session, "service") }),
    ...(program !== undefined && { program: publicKey(program, "program") }),
    authority: await configuredKeypair(session),
    aggregator: await readKeypair(flags.aggregator),
    id: flags.id,
    plan,
    ...(fundedRounds !== undefined && { fundedRounds }),
    terms: {
      admission: flags.members,
      minimumStake: tokens.units(flags.stake),
      minimumBond: tokens.units(flags.bond),
      challengeWindow,
      ...(exitCooldown !== undefined && { exitCooldown }),
    },
    onStep: ({ step, reference, moved }) => {
      const fields = moved && textsOf({ ...moved }, tokens);
      const amounts = fields && `: it held ${fields.before} tokens, holds ${fields.after}`;
      const text = `${step}${reference === null ? "" : ` ${reference}`}${amounts ?? ""}`;
      session.output.say("step", text, { step, reference, ...fields });
    },
    signal: session.signal,
  };
}

/** What will be founded, in lines for people. */
function planLines(
  { plan, questionnaire, heldOut }: FoundingPlan,
  { terms }: CreateFederationOptions,
  { text }: Tokens,
): string[] {
  const { configuration, blobs } = plan;
  const { name, predictor, rounds, rewardPerRound, contribution, codecs, limits } = configuration;
  const bytes = [...blobs.values()].reduce((sum, { length }) => sum + length, 0);
  const public_ =
    heldOut === null
      ? "no held-out answers: nobody sees how good the model is"
      : `held-out groups ${heldOut.groups.map(({ id }) => id).join(", ")} with ${countCells(heldOut)} answers`;
  const { collectSeconds = 0, deadlineSeconds, quorum, minimum, total } = rounds;
  const named = codecs.map((codec) => (typeof codec === "string" ? codec : codec.name)).join(", ");
  return [
    `federation "${name}" on ${questionnaire.questions.length} questions; ${public_}`,
    `predictor ${predictor.name}, ${configuration.parameterCount} parameters; training ${JSON.stringify(configuration.training)}`,
    `${total === 0 ? "rounds without end" : `${total} rounds`}; each closes with ${quorum} updates${collectSeconds > 0 ? ` and ${collectSeconds} s` : ""}, or with ${minimum} after ${deadlineSeconds} s; at most ${limits.maxUpdates} updates`,
    `codecs ${named}; strategy ${configuration.strategy.name}`,
    `pays up to ${text(BigInt(rewardPerRound))} tokens a round, by ${contribution.name}`,
    `members: ${terms?.admission}, stake ${text(terms?.minimumStake ?? 0n)} tokens; bond ${text(terms?.minimumBond ?? 0n)} tokens; challenge window ${terms?.challengeWindow} s`,
    `uploads ${blobs.size} blobs, ${bytes} bytes`,
    rulesLine(rulesOf(configuration)),
  ];
}

function costLines(costs: FoundingCosts, { text }: Tokens): string[] {
  const party = (who: string, { address, lamports, tokens }: PartyCosts) =>
    `${who} ${address.toBase58()} needs ${solText(lamports.needed)} SOL and has ${solText(lamports.held)}${tokens === null ? "" : `; needs ${text(tokens.needed)} tokens and has ${text(tokens.held)}`}`;
  const minted = costs.authority.tokens === null ? ", newly minted" : "";
  return [
    party("authority", costs.authority),
    party("aggregator", costs.aggregator),
    `${text(costs.vault)} tokens go into the vault, ${text(costs.bond)} into the bond${minted}`,
  ];
}

function costFields(costs: FoundingCosts, tokens: Tokens) {
  const party = ({ address, lamports, tokens: own }: PartyCosts) => ({
    address: address.toBase58(),
    sol: { needed: solText(lamports.needed), held: solText(lamports.held) },
    tokens: own && textsOf({ ...own }, tokens),
  });
  return {
    authority: party(costs.authority),
    aggregator: party(costs.aggregator),
    vault: tokens.text(costs.vault),
    bond: tokens.text(costs.bond),
  };
}

/** `plenary federation extend --rounds N` */
export async function extend(session: Session, { rounds }: { rounds: number }): Promise<void> {
  const authority = await configuredKeypair(session);
  const access = await accessConfigured(session);
  const { text } = await tokensOf(access);
  const { totalRounds: before } = await readFederationView(access, session.signal);
  const extended = await extendFederation(access, authority, before + rounds, session);
  const { totalRounds, committedRounds, vault } = extended;
  const funded =
    vault === null ? "the vault pays for them" : `${text(vault.amount)} tokens went into the vault`;
  session.output.say(
    "federation-extended",
    `${totalRounds} rounds in all, ${before} before, ${committedRounds} of them committed; ${funded}`,
    {
      before,
      totalRounds,
      committedRounds,
      funded: vault && text(vault.amount),
      transaction: vault?.transaction ?? null,
    },
  );
}
