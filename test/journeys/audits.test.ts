/**
 * A closed round is audited. A member that trained as it said is counted. A member that did not is
 * refused and earns nothing, and anyone can check both.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type AnswerSet, ENDPOINTS, PlenaryError, parseManifest } from "@plenary/protocol";
import {
  auditMember,
  createKeypair,
  createServiceClient,
  decodeAuditBundle,
  encodeAuditBundle,
  exportAudit,
  openFederation,
  openVerifier,
  type ParticipationEvent,
  readAnswers,
  readRoundDraw,
  submitReport,
  verifyRound,
} from "@plenary/sdk";
import { DEFAULT_TRAINING } from "@plenary/training";
import { Keypair } from "@solana/web3.js";
import { until } from "../../testing/index.ts";
import { plenary } from "./command.ts";
import { foundFederation, startGround } from "./local-federation.ts";

/** Asks again until there is an answer. */
async function eventually<T>(what: string, ask: () => Promise<T>): Promise<T> {
  let answer: { readonly value: T } | undefined;
  await until(what, async () => {
    try {
      answer = { value: await ask() };
    } catch (error) {
      if (!(error instanceof PlenaryError && error.code === "not-found")) throw error;
    }
    return answer !== undefined;
  });
  assert.ok(answer);
  return answer.value;
}

test("members show their auditor what the chain drew, and the round counts what passes", async (t) => {
  const ground = await startGround(t);
  const { stack, folder } = ground;
  const file = (name: string) => join(folder, name);
  const auditor = await createKeypair(file("auditor.json"));
  const owners = [await createKeypair(file("honest.json")), Keypair.generate()] as const;
  const founded = await foundFederation(ground, { total: 1, minimum: 1 }, 1, {
    training: { ...DEFAULT_TRAINING.tilt, localSteps: 7 },
    audits: {
      auditors: [auditor.publicKey.toBase58()],
      checkpointEvery: 2,
      membersPerRound: 2,
      segmentsPerMember: 2,
      mode: { name: "reproducible" },
      waitSeconds: 3_600,
    },
  });
  const [honestGroup = "", cheatGroup = "", boastedGroup = ""] = founded.dataset.split(7).training;
  const context = await openFederation({ service: stack.serviceUrl, rpc: stack.rpcUrl });
  const answersOf = (group: string) => founded.dataset.answersOf([group]);
  await writeFile(file("answers.jsonl"), rowsOf(answersOf(honestGroup)).join("\n"));
  const honestAnswers = await readAnswers(file("answers.jsonl"), context.questionnaire);
  const [honest, cheat] = await Promise.all(
    [honestAnswers, answersOf(cheatGroup)].map(async (answers, i) => {
      const keypair = owners[i] ?? Keypair.generate();
      await founded.equip(keypair.publicKey);
      return context.join({ keypair, answers, state: file(`state-${i}`) });
    }),
  );
  assert.ok(honest && cheat);
  await assert.rejects(honest.train({ engine: "native" }).next(), { code: "invalid-input" });
  const told: string[] = [];
  const onEvent = (event: ParticipationEvent) => {
    if (event.type === "audit-drawn") told.push(event.auditor);
  };
  const outcomes = Promise.all(
    [honest, cheat].map(async (member) => {
      for await (const trained of member.train({ rounds: 1, signal: t.signal, onEvent }))
        return trained;
      return assert.fail("no round");
    }),
  );

  const draw = await eventually("the draw", () => readRoundDraw(context, 1n));
  assert.equal(draw.drawn.length, 2);
  await until("both members to be told", async () => told.length >= 2);

  // The honest member and the auditor act as people would, with the command line.
  const settings = ["--json", "--service", stack.serviceUrl, "--rpc", stack.rpcUrl];
  const audit = async (...args: string[]) => {
    const { code, output, lines } = await plenary(["audit", ...args, ...settings]);
    assert.equal(code, 0, output);
    assert.equal(lines.length, 1, output);
    return lines[0] ?? assert.fail();
  };
  const bundle = file("honest.bundle");
  const exported = await audit(
    "export",
    bundle,
    ...["--round", "1", "--keypair", file("honest.json")],
    ...["--data", file("answers.jsonl"), "--state", file("state-0")],
  );
  assert.equal(exported.auditor, auditor.publicKey.toBase58());
  const audited = await audit("run", bundle, "--keypair", file("auditor.json"));
  assert.deepEqual([audited.outcome, audited.reported], ["passed", true]);

  // The other member shows data that it did not train on. Its own export would refuse that, so the
  // test makes the file.
  const request = { round: 1n, member: cheat.address, state: file("state-1") };
  await assert.rejects(exportAudit(context, { ...request, answers: answersOf(boastedGroup) }), {
    code: "answers-invalid",
  });
  const real = await exportAudit(context, { ...request, answers: answersOf(cheatGroup) });
  assert.ok(real);
  const evidence = { ...real.bundle.evidence, answers: answersOf(boastedGroup) };
  const forged = decodeAuditBundle(encodeAuditBundle({ ...real.bundle, evidence }));
  await assert.rejects(auditMember(context, forged, owners[1]), { code: "not-authority" });
  const verdict = await auditMember(context, forged, auditor);
  assert.deepEqual([verdict.finding.outcome, verdict.finding.checkpoint], ["failed", 0]);
  await submitReport(context, verdict);

  const [counted, refused] = await outcomes;
  assert.deepEqual([...new Set(told)], [auditor.publicKey.toBase58()]);
  assert.equal(counted?.outcome, "counted");
  assert.equal(refused?.outcome, "refused");
  assert.match(refused?.reason ?? "", /did not pass its audit/);

  const verifier = await openVerifier({ rpc: stack.rpcUrl, service: stack.serviceUrl });
  const verification = await verifyRound(verifier, 1n);
  assert.equal(verification.finding, null);
  assert.ok(verification.valid);
  assert.deepEqual([verification.counted, verification.refused], [1, 1]);
  const client = createServiceClient({ url: stack.serviceUrl });
  const params = { federation: founded.address.toBase58(), round: "1" };
  const manifest = parseManifest(await client.call(ENDPOINTS.manifestRead, { params }));
  assert.equal(manifest.audits?.reports.length, 2);
  assert.deepEqual(
    manifest.rewards.map(({ member }) => member),
    [honest.address.toBase58()],
  );
  for (const member of [honest, cheat]) await member.close();
});

function rowsOf({ groups }: AnswerSet): string[] {
  return groups.flatMap(({ id, answers }) =>
    answers.map((answer) => JSON.stringify({ ...answer, group: id })),
  );
}
