/**
 * A service that gives a receipt and leaves the update out says "counted" when it is asked. The
 * member looks at the chain: it is told of the omission, and the proof voids the round.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ENDPOINTS } from "@plenary/protocol";
import { connectTo, createKeypair, createServiceClient, openFederation } from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { plenary } from "./command.ts";
import { foundFederation, openGround, STAKE } from "./local-federation.ts";

/** Seconds: omissions are proved within the challenge window, which outlasts any machine here. */
const WINDOW = 600;
const CHEATING_WORKER = "services/aggregator/testing/actors/cheating-worker.ts";

test("a member whose update is left out is told so, and proves it", async (t) => {
  const { ground, close } = await openGround({ worker: [CHEATING_WORKER, "1:omitted"] });
  t.after(close);
  const founded = await foundFederation(ground, { total: 1, quorum: 3 }, WINDOW);
  const { rpcUrl: rpc, serviceUrl: service } = ground.stack;
  const groups = founded.dataset.split(7).training;
  const file = (name: string) => join(ground.folder, name);

  const members = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const keypair = Keypair.generate();
      await founded.equip(keypair.publicKey);
      const federation = await openFederation({ service, rpc, keypair });
      const answers = founded.dataset.answersOf([groups[index] ?? ""]);
      const state = file(`member-${index}`);
      const member = await federation.join({ keypair, answers, state });
      const rounds = [];
      for await (const round of member.train({ rounds: 1 })) rounds.push(round);
      await member.close();
      return { keypair, state, address: member.address, round: rounds[0] };
    }),
  );
  const outcomes = members.map(({ round }) => round?.outcome).sort();
  assert.deepEqual(outcomes, ["counted", "counted", "omitted"]);
  const omitted = members.find(({ round }) => round?.outcome === "omitted");
  const counted = members.find(({ round }) => round?.outcome === "counted");
  assert.ok(omitted && counted);
  assert.match(omitted.round?.reason ?? "", /committed without this update.*Until .* proves/);

  const params = {
    federation: founded.address.toBase58(),
    round: "1",
    member: omitted.address.toBase58(),
  };
  const client = createServiceClient({ url: service });
  assert.equal((await client.call(ENDPOINTS.updateRead, { params })).update.state, "counted");

  const verify = ["verify", "1", "--rpc", rpc, "--service", service];
  const [fine, found] = await Promise.all([
    plenary([...verify, "--state", counted.state]),
    plenary([...verify, "--state", omitted.state]),
  ]);
  assert.equal(fine.code, 0, fine.output);
  assert.match(fine.output, /your update is leaf \d, counted/);
  assert.equal(found.code, 5, found.output);
  assert.match(found.output, /your update was left out.*plenary prove-omission 1 FILE --submit/);

  await createKeypair(file("owner.json"), omitted.keypair);
  await founded.equip(omitted.keypair.publicKey);
  const proof = ["prove-omission", "1", file("omission.json"), "--rpc", rpc, "--service", service];
  const proved = await plenary([
    ...[...proof, "--state", omitted.state],
    ...["--submit", "--keypair", file("owner.json")],
  ]);
  assert.equal(proved.code, 0, proved.output);
  assert.match(proved.output, /the dispute is won \(member-omitted\): the round is void/);
  const held = await connectTo(rpc).getTokenAccountBalance(
    founded.tokensOf(omitted.keypair.publicKey),
  );
  assert.equal(BigInt(held.value.amount), STAKE + STAKE / 2n);
});
