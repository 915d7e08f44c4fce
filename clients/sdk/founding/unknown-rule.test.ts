import assert from "node:assert/strict";
import { test } from "node:test";
import { createServiceClient } from "@plenary/service";
import { Keypair } from "@solana/web3.js";
import { connectTo } from "../access/index.ts";
import { loadDataset } from "../answers/index.ts";
import { createFederation, planFederation } from "./index.ts";

const dataset = await loadDataset("gss");
const planOf = (strategy: { readonly name: string }, aggregator = { name: "mean" }) =>
  planFederation({ name: "p", dataset, heldOut: null, quorum: 2, seed: 1, strategy, aggregator });

test("a rule that nobody knows is refused before anything is sent", async () => {
  assert.throws(() => planOf({ name: "guess" }), { code: "invalid-input", message: /guess/ });
  assert.throws(() => planOf({ name: "fedavg" }, { name: "guess" }), { message: /guess/ });
  // A plan that was made where a plug-in is known, and is founded where it is not.
  const plan = planOf({ name: "fedavg" });
  const strategy = { name: "guess" };
  const foreign = { ...plan, configuration: { ...plan.configuration, strategy } };
  const keypair = Keypair.generate();
  // An attempt to reach node or service would be another error.
  const connection = connectTo("http://127.0.0.1:9");
  const client = createServiceClient({ url: "http://127.0.0.1:9" });
  await assert.rejects(
    createFederation({
      connection,
      client,
      authority: keypair,
      aggregator: keypair,
      plan: foreign,
    }),
    { code: "invalid-input", message: /guess/ },
  );
});
