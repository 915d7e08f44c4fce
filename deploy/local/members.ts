import { memberAddress, readMember } from "@plenary/chain";
import type { AnswerSet } from "@plenary/protocol";
import {
  type Home,
  keepKeypair,
  keypairFile,
  memberEnvironment,
  nodeProcess,
  type ProcessDescription,
  replaceFile,
  type Stack,
  type SupervisedProcess,
  type Supervisor,
} from "@plenary/stack";
import type { Connection, PublicKey } from "@solana/web3.js";
import { equipMember, type LocalFederation } from "./found-federation.ts";
import type { RunPlan, RunSettings } from "./plan-federation.ts";

const CLI = "clients/cli/main.ts";
/**
 * The command's exit code for wrong settings, keys or data: another try would end the same way.
 */
const INVALID_INPUT = 2;

export interface MembersSettings {
  readonly root: string;
  readonly home: Home;
  readonly supervisor: Supervisor;
  readonly stack: Stack;
  readonly connection: Connection;
  readonly federation: LocalFederation;
  readonly plan: RunPlan;
  readonly run: RunSettings;
  /** Number of the federation in this home. */
  readonly id: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/** A member organisation: a keypair, and a file with its part of the survey. */
export interface Organisation {
  readonly name: string;
  readonly address: PublicKey;
  readonly index: number;
  /** Ids of the survey's groups that it speaks for. */
  readonly groups: readonly string[];
}

/** An organisation whose process runs. */
export interface RunningOrganisation extends Organisation {
  readonly training: SupervisedProcess;
}

/**
 * Gives each organisation its keypair, its answers and what joining costs, and starts its
 * `plenary train`, which joins and trains. It waits `pauseSeconds` after each round.
 */
export async function startOrganisations(
  settings: MembersSettings,
  pauseSeconds = 0,
): Promise<RunningOrganisation[]> {
  const { home, connection, federation, plan, stack, supervisor } = settings;
  const organisations: RunningOrganisation[] = [];
  for (const [index, answers] of plan.slices.entries()) {
    const name = `member-${String(index + 1).padStart(2, "0")}`;
    const owner = keepKeypair(home, name).publicKey;
    const address = memberAddress(stack.program, federation.address, owner);
    const organisation = { name, address, index, groups: answers.groups.map(({ id }) => id) };
    if ((await readMember(connection, address)) === null) {
      writeAnswers(answersFile(settings, organisation), answers);
      await equipMember(connection, federation, owner);
    }
    const description = command(settings, organisation, "train", pauseSeconds);
    const training = await supervisor.start(description);
    organisations.push({ ...organisation, training });
  }
  return organisations;
}

/** Lets an organisation claim what it has earned in final rounds. */
export async function claimReward(
  settings: MembersSettings,
  organisation: Organisation,
): Promise<void> {
  const description = command(settings, organisation, "claim");
  const claiming = await settings.supervisor.start({
    ...description,
    name: `${description.name}-claim`,
    // It is done when it has ended.
    ready: async () => false,
  });
  await claiming.ended;
}

type Verb = "train" | "claim";

function command(
  settings: MembersSettings,
  organisation: Organisation,
  verb: Verb,
  pauseSeconds = 0,
): ProcessDescription {
  const { root, home, stack, federation, environment, run, id } = settings;
  const own: Readonly<Record<Verb, readonly string[]>> = {
    train: [
      ...["--data", answersFile(settings, organisation), "--engine", run.engine],
      // Every organisation draws its own batches.
      ...["--seed", String(run.seed * 1_000 + organisation.index)],
      ...["--state", home.folder("members", `federation-${id}`, organisation.name)],
      ...["--pause", String(pauseSeconds)],
    ],
    claim: [],
  };
  const args = [
    verb,
    ...[
      "--service",
      stack.serviceUrl,
      "--rpc",
      stack.rpcUrl,
      "--program",
      stack.program.toBase58(),
    ],
    ...[
      "--federation",
      federation.address.toBase58(),
      "--keypair",
      keypairFile(home, organisation.name),
    ],
    ...own[verb],
  ];
  return {
    ...nodeProcess({
      root,
      name: organisation.name,
      script: CLI,
      args,
      environment: memberEnvironment(environment),
    }),
    finalExitCodes: [INVALID_INPUT],
  };
}

/** The file with an organisation's own answers. */
export function answersFile({ home, id }: MembersSettings, { name }: Organisation): string {
  return home.file("members", `federation-${id}`, name, "answers.jsonl");
}

/** One line per question and group: the form that the `plenary` command documents. */
function writeAnswers(file: string, answers: AnswerSet): void {
  const lines = answers.groups.flatMap(({ id, answers: given }) =>
    given.map(({ question, counts }) => JSON.stringify({ question, group: id, counts })),
  );
  replaceFile(file, `${lines.join("\n")}\n`);
}
