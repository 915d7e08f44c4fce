/** A member outlasts a service that a proxy has lost for a while, whatever the proxy answers. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openFederation, type ParticipationEvent } from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { startFront } from "./front.ts";
import { foundFederation, startGround } from "./local-federation.ts";

const STATUSES = [400, 403, 404, 408, 413, 500, 502];

test("a member trains on through a proxy that answers for the service", async (t) => {
  const ground = await startGround(t);
  const founded = await foundFederation(ground, { total: 1 });
  const front = await startFront(t, ground.stack.serviceUrl);
  const joined = async (service: string, group: number) => {
    const keypair = Keypair.generate();
    await founded.equip(keypair.publicKey);
    const client = { retry: { attempts: 1, firstPause: 20, longestPause: 50 } };
    const federation = await openFederation({ service, rpc: ground.stack.rpcUrl, client });
    const [, ...groups] = founded.dataset.split(7).training;
    const answers = founded.dataset.answersOf([groups[group] ?? ""]);
    const state = join(ground.folder, `member-${group}`);
    return federation.join({ keypair, answers, state });
  };
  const [through, direct] = [await joined(front.url, 0), await joined(ground.stack.serviceUrl, 1)];

  const events: ParticipationEvent[] = [];
  let onEvent: (event: ParticipationEvent) => void = () => {};
  const next = (type: ParticipationEvent["type"]) =>
    new Promise<ParticipationEvent>((resolve) => {
      onEvent = (event) => {
        events.push(event);
        if (event.type === type) resolve(event);
      };
    });
  const uploaded = next("uploaded");
  const outcomes = (async () => {
    const seen: string[] = [];
    const options = {
      rounds: 1,
      pollInterval: 50,
      onEvent: (event: ParticipationEvent) => onEvent(event),
    };
    for await (const { outcome } of through.train(options)) seen.push(outcome);
    return seen;
  })();
  await uploaded;
  for (const status of STATUSES) {
    const retrying = next("retrying");
    front.lose(status);
    const event = await retrying;
    assert.ok(event.type === "retrying");
    assert.equal(event.code, "service-unavailable");
    assert.match(event.message, status === 413 ? /limit for bodies/ : /is away/);
    const waiting = next("waiting");
    front.find();
    await waiting;
  }
  for await (const { outcome } of direct.train({ rounds: 1 })) assert.equal(outcome, "counted");
  assert.deepEqual(await outcomes, ["counted"]);
  await Promise.all([through.close(), direct.close()]);
});
