/**
 * After an upheld challenge everyone continues: the service with the model before, the members with
 * the update that they have.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ENDPOINTS } from "@plenary/protocol";
import {
  createKeypair,
  createServiceClient,
  type FederationMember,
  openFederation,
  readKeypair,
} from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { until } from "../../testing/index.ts";
import { plenary } from "./command.ts";
import {
  bondAgain,
  type Founded,
  foundFederation,
  type Ground,
  openGround,
} from "./local-federation.ts";

const CHEATED_ROUND = 2;
const CHEATED_PARAMETER = 1_234;

test("a committed round that a challenge voids is done again, without training again", async (t) => {
  const worker = "services/aggregator/testing/actors/cheating-worker.ts";
  const { ground, close } = await openGround({
    worker: [worker, `${CHEATED_ROUND}:integer:${CHEATED_PARAMETER}`],
  });
  t.after(close);
  const founded = await foundFederation(ground, { total: CHEATED_ROUND }, 600);
  const members = await Promise.all([0, 1].map((index) => joinMember(ground, founded, index)));
  for (const trained of await Promise.all(members.map(trainToTheEnd)))
    assert.deepEqual(trained, ["training 1", "counted 1", "training 2", "counted 2"]);
  const whole = await Promise.all(members.map(standing));
  assert.ok(whole.every(({ counted, earned }) => counted === CHEATED_ROUND && earned > 0n));

  const keypair = join(ground.folder, "stranger.json");
  await createKeypair(keypair);
  await founded.equip((await readKeypair(keypair)).publicKey);
  assert.equal(
    await verifyRound(ground, CHEATED_ROUND, ["--dispute", "--keypair", keypair]),
    WRONG,
  );
  // The bond was lost, and without a bond no round opens.
  await bondAgain(ground, founded);
  const client = createServiceClient({ url: ground.stack.serviceUrl });
  // The federation was complete. The service sees within seconds that it no longer is.
  await until("the service to see the federation running", async () => {
    const params = { federation: founded.address.toBase58() };
    return (await client.call(ENDPOINTS.federationRead, { params })).status === "running";
  });
  // Both rounds paid the same, by data size.
  const halves = whole.map(({ earned }) => ({ counted: CHEATED_ROUND - 1, earned: earned / 2n }));
  assert.deepEqual(await Promise.all(members.map(standing)), halves);
  for (const trained of await Promise.all(members.map(trainToTheEnd)))
    assert.deepEqual(trained, ["counted 3"]);
  assert.deepEqual(await Promise.all(members.map(standing)), whole);

  const round = (number: number) => {
    const params = { federation: founded.address.toBase58(), round: String(number) };
    return client.call(ENDPOINTS.roundRead, { params });
  };
  const [dropped, redone] = [await round(CHEATED_ROUND), await round(CHEATED_ROUND + 1)];
  assert.equal(dropped.state, "void");
  assert.match(dropped.voidReason ?? "", /a challenge was upheld/);
  assert.equal(redone.baseRoot, dropped.baseRoot);
  assert.notEqual(redone.nextRoot, dropped.nextRoot);
  assert.equal(await verifyRound(ground, CHEATED_ROUND + 1, []), 0);
  for (const member of members) await member.close();
});

/** Exit code of a verification that finds the round wrong. */
const WRONG = 5;

async function joinMember(
  { stack, folder }: Ground,
  founded: Founded,
  index: number,
): Promise<FederationMember> {
  const federation = await openFederation({ service: stack.serviceUrl, rpc: stack.rpcUrl });
  const keypair = Keypair.generate();
  await founded.equip(keypair.publicKey);
  const group = founded.dataset.split(7).training[index] ?? "";
  const answers = founded.dataset.answersOf([group]);
  return federation.join({ keypair, answers, state: join(folder, `member-${index}`) });
}

/**
 * What a member did until the federation was complete: the rounds that it trained in, and the
 * outcome of each.
 */
async function trainToTheEnd(member: FederationMember): Promise<string[]> {
  const done: string[] = [];
  const onEvent = ({ type, ...event }: { readonly type: string; readonly round?: bigint }) => {
    if (type === "training" && !done.includes(`training ${event.round}`))
      done.push(`training ${event.round}`);
  };
  for await (const { number, outcome } of member.train({ onEvent }))
    done.push(`${outcome} ${number}`);
  return done;
}

/** A member's totals, as the service shows them. */
async function standing(member: FederationMember): Promise<{ counted: number; earned: bigint }> {
  const status = await member.status();
  assert.ok(status.member);
  return { counted: status.member.counted, earned: BigInt(status.member.earned) };
}

async function verifyRound(
  { stack }: Ground,
  round: number,
  args: readonly string[],
): Promise<number | null> {
  const service = ["--service", stack.serviceUrl, "--rpc", stack.rpcUrl];
  return (await plenary(["verify", String(round), ...service, ...args])).code;
}
