import { solText } from "@plenary/chain";
import { type AnswerSet, parseOwnerAdmission } from "@plenary/protocol";
import {
  announceMember,
  type FederationAccess,
  type JoinNeeds,
  joinFederation,
  readJoinNeeds,
} from "@plenary/sdk";
import { trainableGroups } from "@plenary/training";
import { EXIT } from "../exit-codes.ts";
import { readJson } from "../json-file.ts";
import { rulesLine } from "../output/index.ts";
import {
  accessConfigured,
  configuredAnswers,
  configuredKeypair,
  openConfigured,
  type Session,
} from "../session.ts";
import { textsOf, tokensWith } from "../tokens.ts";
import { readUpdateKey } from "../update-key.ts";

export interface JoinFlags {
  readonly admission?: string;
  readonly check?: boolean;
}

/**
 * `plenary join`: says what it takes before it stakes. --update-key may be an address here, since
 * joining signs no update. With --check it says only that; exit code 2 if something is missing.
 */
export async function join(session: Session, flags: JoinFlags): Promise<number> {
  const { settings, signal, output } = session;
  const { admission } = flags;
  const ownerAdmission =
    admission && parseOwnerAdmission(await readJson(admission, "the admission"));
  const keypair = await configuredKeypair(session);
  const owner = keypair.publicKey;
  const updateKey = settings.updateKey && (await readUpdateKey(settings.updateKey));
  const federation = await accessConfigured(session);
  const answers = await answersIfAny(session, federation);
  const needs = await readJoinNeeds(federation, { owner, answers, signal });
  const missing = missingOf(needs, ownerAdmission !== undefined);
  if (flags.check || !needs.isMember)
    output.say("join-needs", needsLines(needs, missing), { ...needsFields(needs), missing });
  if (flags.check) return missing.length === 0 ? EXIT.done : EXIT.input;
  // Answers that `train` would refuse are refused before a stake is paid.
  if (answers !== undefined) trainableGroups(answers.groups);
  const { member, transaction, rules, staked } = await joinFederation(federation, {
    keypair,
    ...(ownerAdmission && { ownerAdmission }),
    signal,
    ...(updateKey && { updateKey }),
  });
  await announceMember(federation, keypair.publicKey, signal);
  const tokens = tokensWith(needs.decimals);
  const address = member.toBase58();
  const text =
    staked === null
      ? `${address} is already a member`
      : `joined as ${address} in transaction ${transaction}, with a stake of ${tokens.text(staked.amount)} tokens: your token account held ${tokens.text(staked.before)} and holds ${tokens.text(staked.after)}`;
  const amounts = staked && textsOf(staked, tokens);
  const fields = { member: address, transaction, rules, staked: amounts };
  output.say("joined", [text, rulesLine(rules)], fields);
  return EXIT.done;
}

/** A private federation shows its questions to members only, so answers are read after joining. */
async function answersIfAny(
  session: Session,
  { configuration }: FederationAccess,
): Promise<AnswerSet | undefined> {
  if (session.settings.data === undefined || configuration.visibility === "private")
    return undefined;
  return configuredAnswers(session, (await openConfigured(session)).questionnaire);
}

/** What keeps the owner from joining, in words. */
function missingOf(needs: JoinNeeds, hasAdmission: boolean): string[] {
  if (needs.isMember) return [];
  const { lamports, stake, training } = needs;
  const { text } = tokensWith(needs.decimals);
  return [
    ...(needs.status === "complete" ? ["a round: the federation has had its last one"] : []),
    ...(needs.paused ? ["the federation's authority to resume it: it is paused"] : []),
    ...(lamports.held < lamports.needed ? [`${solText(lamports.needed - lamports.held)} SOL`] : []),
    ...(stake.held < stake.needed
      ? [`${text(stake.needed - stake.held)} tokens, which the federation's operator grants`]
      : []),
    ...(needs.admission === "approved" && !hasAdmission
      ? ["an admission by the authority (--admission FILE)"]
      : []),
    ...(training?.groups === 0 ? ["a group that answers two questions or more"] : []),
  ];
}

function needsLines(needs: JoinNeeds, missing: readonly string[]): string[] {
  const { lamports, stake, rounds, training, admission } = needs;
  const { text } = tokensWith(needs.decimals);
  const left = rounds.left === null ? "rounds without end" : `${rounds.left} rounds left`;
  return [
    `joining needs ${solText(lamports.needed)} SOL, and the owner has ${solText(lamports.held)}`,
    `it stakes ${text(stake.needed)} tokens, and the owner has ${text(stake.held)}`,
    `${left}, ${rounds.committed} are committed; ${admission === "open" ? "anyone may join" : "the authority approves members"}`,
    ...(training === null
      ? []
      : [`training will use ${training.cells} answers of ${training.groups} groups`]),
    ...(needs.isMember ? ["the owner is a member already"] : []),
    ...missing.map((what) => `missing: ${what}`),
  ];
}

function needsFields(needs: JoinNeeds) {
  const { lamports, stake, decimals: _, ...rest } = needs;
  return {
    ...rest,
    sol: { needed: solText(lamports.needed), held: solText(lamports.held) },
    stake: textsOf(stake, tokensWith(needs.decimals)),
  };
}
