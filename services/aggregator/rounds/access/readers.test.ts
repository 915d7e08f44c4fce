import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canonicalJsonBytes, fromHex, toBase58, toHex } from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import { JOBS } from "../../jobs/queue.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { MemberRow } from "../../store/members.ts";
import { type BenchFederation, foundOn } from "../../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { recordOlderReferences } from "../federations/configuration-blobs.ts";
import { findFederation } from "../lookup.ts";
import { isReader, mayReadBlob, requireReader } from "./readers.ts";

describe("readers of a private federation", () => {
  let bench: Workbench;
  let federation: BenchFederation;
  let row: FederationRow;
  let owner: Uint8Array;
  let member: MemberRow;

  before(async () => {
    bench = await openWorkbench();
    federation = await foundOn(bench, "readers", (defaults) => ({
      ...defaults,
      visibility: "private",
    }));
    row = await findFederation(bench.context, toBase58(federation.address));
    const [first] = federation.members;
    assert.ok(first);
    owner = first.owner.publicKey.toBytes();
    const known = await bench.context.store.members.find(federation.address, first.address);
    assert.ok(known);
    member = known;
  });
  after(() => bench.close());

  test("a rotated key no longer reads, and the new key does", async () => {
    const next = Keypair.generate().publicKey.toBytes();
    await bench.context.store.members.upsert([
      { ...member, update_key: next, previous_key: member.update_key },
    ]);
    assert.ok(await isReader(bench.context, row, next));
    assert.ok(!(await isReader(bench.context, row, member.update_key)));
    assert.ok(await isReader(bench.context, row, owner));
    await bench.context.store.members.upsert([member]);
  });

  test("a member that has left reads what is about itself, and nothing else", async () => {
    const { context } = bench;
    const [, other] = federation.members;
    assert.ok(other);
    // Before the first round nobody has left: a member has left once a round is open in which it
    // takes no part.
    await context.store.members.upsert([{ ...member, exit_round: 1n }]);
    assert.ok(await isReader(context, row, owner));
    await JOBS.advanceFederation.run(bench.worker(), { federation: toBase58(federation.address) });
    assert.equal((await context.store.rounds.newest(federation.address))?.number, 1n);
    await context.store.members.upsert([{ ...member, exit_round: 1n }]);
    await assert.rejects(requireReader(context, row, owner), { code: "member-inactive" });
    await assert.rejects(requireReader(context, row, owner, other.address), {
      code: "member-inactive",
    });
    await requireReader(context, row, owner, member.address);
    await context.store.members.upsert([member]);
  });

  test("authority and aggregator read, and strangers do not", async () => {
    assert.ok(await isReader(bench.context, row, bench.ledger.aggregator));
    assert.ok(await isReader(bench.context, row, row.authority));
    assert.ok(!(await isReader(bench.context, row, Keypair.generate().publicKey.toBytes())));
  });

  test("federations that were registered before references were kept get theirs at the next start", async () => {
    const { context } = bench;
    const embeddings = await context.blobs.write(Buffer.from("embeddings"));
    const questionnaire = await context.blobs.write(
      canonicalJsonBytes({ embeddings: { blob: toHex(embeddings) } }),
    );
    const open = await foundOn(bench, "older", (defaults) => ({ ...defaults, name: "older" }));
    const configuration = { ...row.configuration, questionnaire: toHex(questionnaire) };
    await context.database.queries
      .updateTable("federations")
      .set({ configuration: JSON.stringify({ ...configuration, visibility: undefined }) })
      .where("address", "=", open.address)
      .execute();
    await context.database.queries.deleteFrom("federation_blobs").execute();
    const model = fromHex(row.configuration.initialModel, 32);
    for (const hash of [questionnaire, embeddings, model])
      assert.ok(!(await mayReadBlob(context, hash, undefined)));
    await recordOlderReferences(context);
    for (const hash of [questionnaire, embeddings, model])
      assert.ok(await mayReadBlob(context, hash, undefined));
    assert.deepEqual(await context.store.blobReferences.withoutReferences(), []);
  });
});
