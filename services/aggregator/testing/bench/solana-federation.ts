import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { PROGRAM_ID } from "@plenary/chain";
import { type FederationConfiguration, toBase58 } from "@plenary/protocol";
import { solanaLedger } from "../../chain/solana-ledger.ts";
import type { Context } from "../../rounds/context.ts";
import { registerFederation } from "../../rounds/federations/register.ts";
import { trainingEvaluator } from "../../rounds/lifecycle/evaluator.ts";
import { createFederation } from "../chain/federation.ts";
import { fundedKeypair, startLocalnet } from "../stack/localnet.ts";
import { type BenchFederation, uploadTo } from "./bench-federation.ts";
import type { Workbench } from "./workbench.ts";

const PARAMETERS = 130;

/** A federation that a workbench's service aggregates, with the context that its jobs need. */
export interface AggregatedFederation
  extends Pick<BenchFederation, "address" | "members" | "upload"> {
  readonly context: Context;
}

/** Founds a federation of three members on a node that the test starts and ends. */
export async function foundOnSolana(
  bench: Workbench,
  test: TestContext,
  configuration: (defaults: FederationConfiguration) => FederationConfiguration,
  challengeWindow: number,
): Promise<AggregatedFederation> {
  const folder = mkdtempSync(join(tmpdir(), "plenary-solana-"));
  const localnet = await startLocalnet(folder, true);
  test.after(async () => {
    await localnet.process.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const { rpcUrl } = localnet;
  const { registries } = bench.context;
  const aggregator = await fundedKeypair(rpcUrl);
  const parties = { rpcUrl, aggregator, members: 3, parameterCount: PARAMETERS, registries };
  const founded = await createFederation({ ...parties, challengeWindow, configuration });
  const aggregatorKey = aggregator.secretKey;
  const programId = PROGRAM_ID.toBytes();
  const ledger = solanaLedger({ rpcUrl, rpcWebSocketUrl: undefined, programId, aggregatorKey });
  const chainClock = { now: () => ledger.now() };
  const clock = { now: () => Date.now() };
  const context: Context = { ...bench.context, ledger, chainClock, clock, aggregatorKey };
  const authority = founded.authority.publicKey.toBytes();
  for (const bytes of founded.blobs)
    await context.store.blobReferences.recordUpload(await context.blobs.write(bytes), authority);
  const { address, members } = founded;
  const evaluator = trainingEvaluator(context.blobs);
  const name = toBase58(address);
  await registerFederation(context, evaluator, authority, name, founded.configuration);
  return { context, address, members, upload: uploadTo(context, address) };
}
