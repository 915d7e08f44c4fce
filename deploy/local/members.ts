import { memberAddress, readMember } from "@plenary/chain";
import type { AnswerSet } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";
import { equipMember } from "./found-federation.ts";
import { type Home, replaceFile } from "./home.ts";
import { keepKeypair, keypairFile } from "./keys.ts";
import type { OpenedFederation } from "./open-federation.ts";
import type { FederationPlan, RunSettings } from "./plan-federation.ts";
import type { ProcessDescription, SupervisedProcess, Supervisor } from "./processes.ts";
import { nodeProcess, type Stack } from "./stack.ts";

const CLI = "clients/cli/main.ts";

export interface MembersSettings {
  readonly root: string;
  readonly home: Home;
  readonly supervisor: Supervisor;
  readonly stack: Stack;
  readonly connection: Connection;
  readonly federation: OpenedFederation;
  readonly plan: FederationPlan;
  readonly run: RunSettings;
  /** Number of the federation in this home. */
  readonly id: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/** An organisation: a keypair, a file with its part of the survey, and the `plenary` command run on them. */
export interface Organisation {
  readonly name: string;
  readonly address: PublicKey;
  readonly index: number;
}

/** Gives each organisation its keypair and its answers, and lets those join that are no members yet. */
export async function assembleOrganisations(settings: MembersSettings): Promise<Organisation[]> {
  const { home, connection, federation, plan, stack, log } = settings;
  const organisations: Organisation[] = [];
  for (const [index, answers] of plan.slices.entries()) {
    const name = `member-${String(index + 1).padStart(2, "0")}`;
    const owner = keepKeypair(home, name).publicKey;
    const address = memberAddress(stack.program, federation.address, owner);
    const organisation = { name, address, index };
    organisations.push(organisation);
    if ((await readMember(connection, address)) !== null) continue;
    writeAnswers(answersFile(settings, organisation), answers);
    await equipMember(connection, federation.authority, federation.mint, owner);
    await runToEnd(settings, organisation, "join");
    log(`${name} joined as ${address.toBase58()} with ${answers.groups.map(({ id }) => id).join(", ")}`);
  }
  return organisations;
}

/** Starts every organisation's training process; each takes part in rounds until the federation is complete. */
export async function startTraining(
  settings: MembersSettings,
  organisations: readonly Organisation[],
): Promise<SupervisedProcess[]> {
  const started: SupervisedProcess[] = [];
  for (const organisation of organisations) {
    started.push(await settings.supervisor.start(command(settings, organisation, "train")));
  }
  return started;
}

/** Lets an organisation claim what it has earned in final rounds. */
export async function claimReward(settings: MembersSettings, organisation: Organisation): Promise<void> {
  await runToEnd(settings, organisation, "claim");
}

async function runToEnd(settings: MembersSettings, organisation: Organisation, verb: Verb): Promise<void> {
  const description = command(settings, organisation, verb);
  const process = await settings.supervisor.start({
    ...description,
    name: `${description.name}-${verb}`,
    // Ready is done.
    ready: async () => false,
  });
  await process.ended;
}

type Verb = "join" | "train" | "claim";

function command(settings: MembersSettings, organisation: Organisation, verb: Verb): ProcessDescription {
  const { home, stack, federation, environment, run, id } = settings;
  const own: Readonly<Record<Verb, readonly string[]>> = {
    join: [],
    train: [
      ...["--data", answersFile(settings, organisation), "--engine", run.engine],
      // Every organisation draws its own batches.
      ...["--seed", String(run.seed * 1_000 + organisation.index)],
      ...["--state", home.folder("members", `federation-${id}`, organisation.name)],
    ],
    claim: [],
  };
  const args = [
    verb,
    ...["--service", stack.serviceUrl, "--rpc", stack.rpcUrl, "--program", stack.program.toBase58()],
    ...["--federation", federation.address.toBase58(), "--keypair", keypairFile(home, organisation.name)],
    ...own[verb],
  ];
  const description = nodeProcess(settings, organisation.name, CLI, environment);
  return { ...description, args: [...description.args, ...args], restart: "on-failure" };
}

function answersFile({ home, id }: MembersSettings, { name }: Organisation): string {
  return home.file("members", `federation-${id}`, name, "answers.jsonl");
}

/** One line per question and group: the form that the `plenary` command documents. */
function writeAnswers(file: string, answers: AnswerSet): void {
  const lines = answers.groups.flatMap(({ id, answers: given }) =>
    given.map(({ question, counts }) => JSON.stringify({ question, group: id, counts })),
  );
  replaceFile(file, `${lines.join("\n")}\n`);
}
