/**
 * `npm run bench -- rpc-calls`: how often a service (one server, one worker) and a member ask their
 * Solana node. Every one of them has a node of its own that counts and passes on to the local
 * chain. Idle figures are calls a second: of the service while a round collects, of a member that
 * waits for the round's end, and of the service while committed rounds can be disputed. Figures of
 * a round are calls in all from its opening to the next one's. Options: --rounds N, --seconds N.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  connectTo,
  createServiceClient,
  type FederationMember,
  loadDataset,
  openFederation,
  planFederation,
} from "@plenary/sdk";
import { openHome, Ports, readStackConfig, Supervisor, startStack } from "@plenary/stack";
import { Keypair } from "@solana/web3.js";
import { equipMember, foundLocalFederation } from "../deploy/local/found-federation.ts";
import { startChain } from "../testing/index.ts";
import { positiveInteger } from "./round/measure.ts";
import { type CountingNode, countingNode } from "./rpc-calls/counting-node.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "30" },
  },
});
const rounds = positiveInteger("rounds", values.rounds);
const seconds = positiveInteger("seconds", values.seconds);
const MEMBERS = 2;
/** Long enough that nothing of it ends during the run. */
const LONG_SECONDS = 7_200;
/** More than are measured, so that the federation is not complete. */
const MOST_ROUNDS = 50;

const folder = await mkdtemp(join(tmpdir(), "plenary-calls-"));
const chain = await startChain();
const nodeOf = () => countingNode(chain.connection.rpcEndpoint);
const nodes = await Promise.all(Array.from({ length: MEMBERS + 1 }, nodeOf));
const [serviceNode, ...memberNodes] = nodes as [CountingNode, ...CountingNode[]];
const home = await openHome(join(folder, "home"));
const supervisor = new Supervisor(home, () => undefined);
try {
  const config = readStackConfig({
    PATH: process.env.PATH ?? "",
    PLENARY_RPC_URL: serviceNode.url,
  });
  const root = resolve(import.meta.dirname, "..");
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const stack = await startStack({ config, root, home, supervisor, ports: new Ports(), log });
  const members = await found(stack.serviceUrl, stack.program);
  await measure(members);
  for (const member of members) await member.close();
} finally {
  await supervisor.stop();
  home.close();
  for (const node of nodes) node.close();
  await chain.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Founds a federation whose members have joined and have not trained. */
async function found(
  service: string,
  program: Parameters<typeof foundLocalFederation>[0]["program"],
): Promise<FederationMember[]> {
  const { connection } = chain;
  const dataset = await loadDataset("gss");
  const plan = planFederation({
    name: "rpc calls",
    dataset,
    heldOut: null,
    quorum: MEMBERS,
    seed: 3,
    contribution: { name: "data-size", cap: 4096 },
    rounds: { total: MOST_ROUNDS, deadlineSeconds: LONG_SECONDS, graceSeconds: LONG_SECONDS },
  });
  const client = createServiceClient({ url: service });
  const federation = await foundLocalFederation({
    ...{ home, connection, program, service: client, plan, id: 1 },
    challengeWindow: LONG_SECONDS,
  });
  const groups = dataset.split(7).training;
  return Promise.all(
    memberNodes.map(async ({ url }, index) => {
      const keypair = Keypair.generate();
      await equipMember(connectTo(chain.connection.rpcEndpoint), federation, keypair.publicKey);
      const opened = await openFederation({ service, rpc: url, keypair });
      const answers = dataset.answersOf([groups[index] ?? ""]);
      return opened.join({ keypair, answers, state: join(folder, `member-${index}`) });
    }),
  );
}

async function measure(members: readonly FederationMember[]): Promise<void> {
  await pause(5_000);
  say("service, a round collects", await idle(serviceNode), seconds, "a second");
  const runs = members.map((member) => ({ member, stop: new AbortController() }));
  const [first, ...others] = runs;
  if (first === undefined) return;
  const trained = [train(first, Number.POSITIVE_INFINITY)];
  await pause(20_000);
  const [waiting] = memberNodes;
  if (waiting !== undefined)
    say("member, waits for the round's end", await idle(waiting), seconds, "a second");
  for (const node of nodes) node.take();
  await Promise.all(others.map((run) => train(run, rounds)));
  say("service", serviceNode.take(), rounds, "a round");
  for (const node of memberNodes) say("member", node.take(), rounds, "a round");
  first.stop.abort();
  await Promise.allSettled(trained);
  say("service, rounds can be disputed", await idle(serviceNode), seconds, "a second");
}

interface Run {
  readonly member: FederationMember;
  readonly stop: AbortController;
}

async function train({ member, stop }: Run, most: number): Promise<void> {
  const { signal } = stop;
  const options = Number.isFinite(most) ? { rounds: most, signal } : { signal };
  for await (const { number, outcome } of member.train(options))
    process.stderr.write(`round ${number}: ${outcome}\n`);
}

async function idle(node: CountingNode): Promise<ReadonlyMap<string, number>> {
  node.take();
  await pause(1_000 * seconds);
  return node.take();
}

function say(who: string, calls: ReadonlyMap<string, number>, per: number, unit: string): void {
  const rate = (count: number) => (count / per).toFixed(2);
  const all = [...calls.values()].reduce((sum, count) => sum + count, 0);
  const methods = [...calls].map(([method, count]) => `${method} ${rate(count)}`).join(", ");
  console.log(`${who}: ${rate(all)} calls ${unit} (${methods})`);
}
