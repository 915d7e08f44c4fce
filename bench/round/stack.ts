import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  ENDPOINTS,
  type FederationConfiguration,
  sha256,
  toHex,
  vectorToBytes,
} from "@plenary/protocol";
import {
  createServiceClient,
  joinFederation,
  type PlannedFederation,
  type RequestSigner,
  type ServiceClient,
  signerFor,
} from "@plenary/sdk";
import {
  openDatabase,
  openHome,
  Ports,
  readStackConfig,
  type Stack,
  Supervisor,
  startStack,
} from "@plenary/stack";
import { Connection, Keypair, PublicKey } from "@solana/web3.js";
import {
  equipMember,
  foundLocalFederation,
  type LocalFederation,
} from "../../deploy/local/found-federation.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const REWARD = 1_000_000n;

/**
 * Database, queue, chain, server and worker, as `npm start` runs them, in a home that ends with the
 * benchmark.
 */
export interface BenchStack extends Stack {
  readonly databaseUrl: string;
  readonly service: ServiceClient;
  readonly connection: Connection;
  readonly ports: Ports;
  /**
   * Founds a federation with that many members and a first model of zeros. The service knows it and
   * does not open rounds until it is resumed.
   */
  foundFederation(settings: FoundSettings): Promise<BenchFederation>;
  /** Stops a process of the stack where it is; the returned function lets it continue. */
  suspend(name: "server" | "worker"): () => void;
  stop(): Promise<void>;
}

export interface FoundSettings {
  /** Distinguishes the federations of this stack. */
  readonly id: number;
  readonly members: number;
  readonly parameters: number;
}

export interface BenchMember {
  readonly address: PublicKey;
  /** Owns the membership and signs the updates. */
  readonly keypair: Keypair;
}

export interface BenchFederation extends LocalFederation {
  /** The authority's, for requests to the service. */
  readonly signer: RequestSigner;
  readonly configuration: FederationConfiguration;
  readonly members: readonly BenchMember[];
}

/**
 * Starts everything. Progress is printed on standard error; failures include the ends of the logs.
 */
export async function startBenchStack(): Promise<BenchStack> {
  const folder = mkdtempSync(join(tmpdir(), "plenary-bench-"));
  const home = await openHome(folder);
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const supervisor = new Supervisor(home, log);
  const ports = new Ports();
  const stop = async () => {
    home.markStopping();
    await supervisor.stop();
    home.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const given = readStackConfig({
      ...process.env,
      PLENARY_LOG_LEVEL: "warn",
      // The benchmark measures how fast uploads are, not how fast they may be.
      PLENARY_UPLOAD_RATE_LIMIT: "100000000",
    });
    const settings = { root: ROOT, home, supervisor, ports, log, endHung: false };
    const databaseUrl = await openDatabase({ ...settings, url: given.databaseUrl });
    const stack = await startStack({ ...settings, config: { ...given, databaseUrl } });
    const service = createServiceClient({ url: stack.serviceUrl });
    const connection = new Connection(stack.rpcUrl, "confirmed");
    const foundFederation = async ({
      id,
      members,
      parameters,
    }: FoundSettings): Promise<BenchFederation> => {
      const plan = planOf(`bench-${id}`, members, parameters);
      const { program } = stack;
      const opened = await foundLocalFederation({ home, connection, program, service, plan, id });
      // The benchmark trusts its own service.
      const aggregator = new PublicKey((await service.call(ENDPOINTS.serviceRead)).aggregator);
      const signer = await signerFor(opened.authority, { connection, program, aggregator });
      // Rounds begin when the benchmark asks for them.
      await service.call(ENDPOINTS.federationPause, {
        params: { federation: opened.address.toBase58() },
        signer,
      });
      const joined = await Promise.all(
        Array.from({ length: members }, () => joinMember(connection, program, opened)),
      );
      return { ...opened, signer, configuration: plan.configuration, members: joined };
    };
    const suspend = (name: string) => {
      const pid = pidOf(home.file("processes", `${name}.json`));
      process.kill(pid, "SIGSTOP");
      return () => void process.kill(pid, "SIGCONT");
    };
    return { ...stack, databaseUrl, service, connection, ports, foundFederation, suspend, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The process in a supervisor's record. */
function pidOf(record: string): number {
  const value: unknown = JSON.parse(readFileSync(record, "utf8"));
  if (
    typeof value === "object" &&
    value !== null &&
    "pid" in value &&
    typeof value.pid === "number"
  )
    return value.pid;
  throw new Error(`${record} names no process.`);
}

/** A new member with the money that its membership costs. */
async function joinMember(
  connection: Connection,
  program: PublicKey,
  federation: LocalFederation,
): Promise<BenchMember> {
  const keypair = Keypair.generate();
  await equipMember(connection, federation, keypair.publicKey);
  const { member } = await joinFederation({ connection, program, ...federation }, { keypair });
  return { address: member, keypair };
}

/**
 * A federation whose rounds close with the last member's update. Pay is by data size: leave-one-out
 * would run the predictor once for every member, which neither side of the comparison does.
 */
function planOf(name: string, members: number, parameters: number): PlannedFederation {
  const model = new Int32Array(parameters);
  const initial = vectorToBytes(model);
  const questionnaire = new TextEncoder().encode("{}");
  const hashOf = (bytes: Uint8Array) => toHex(sha256(bytes));
  const configuration: FederationConfiguration = {
    version: 1,
    name,
    questionnaire: hashOf(questionnaire),
    predictor: { name: "tilt", latent: 8, hidden: 64 },
    training: {},
    initialModel: hashOf(initial),
    parameterCount: parameters,
    strategy: { name: "fedavg" },
    aggregator: { name: "mean" },
    codecs: ["int8", "int32"],
    screening: { maxNorm: 1_000_000 },
    contribution: { name: "data-size", cap: 1_000 },
    heldOut: null,
    limits: { maxUpdates: members, maxWeight: 100_000, maxPayloadBytes: parameters * 4 },
    rounds: {
      quorum: members,
      minimum: members,
      deadlineSeconds: 600,
      graceSeconds: 600,
      total: 10_000,
    },
    rewardPerRound: String(REWARD),
  };
  return {
    configuration,
    initialModel: model,
    blobs: new Map([
      [configuration.questionnaire, questionnaire],
      [configuration.initialModel, initial],
    ]),
  };
}
