import assert from "node:assert/strict";
import {
  ENVELOPE_HEADER,
  ERROR_STATUS,
  ErrorBody,
  isErrorCode,
  parserOf,
  type RoundView,
  SIGNATURE_HEADER,
  toBase58,
  toBase64,
} from "@plenary/protocol";
import { clientOf, Refusal, type TestClient } from "../actors/client.ts";
import { type RawRequest, sendRaw } from "../actors/raw-request.ts";
import { submitAll, waitForEvent } from "../actors/scenario.ts";
import { createFederation, type TestFederation } from "../chain/federation.ts";
import type { TestMember, TestUpdate } from "../chain/sign-update.ts";
import { freePort } from "./processes.ts";
import { startStack } from "./stack.ts";

export const OPERATOR_PASSWORD = "the operator's password";
export const PARAMETERS = 250;

/** The running service with one federation, whose first round is final and whose second is open. */
export interface RouteBench {
  readonly client: TestClient;
  readonly federation: TestFederation;
  readonly address: string;
  /** The open round. */
  readonly round: RoundView;
  memberAt(place: number): TestMember;
  uploadOf(update: TestUpdate, change?: Partial<RawRequest>): RawRequest;
  /** Sends a request that must be refused with this code, in the protocol's form. */
  refused(request: RawRequest, code: string): Promise<void>;
  stop(): Promise<void>;
}

export async function openRouteBench(): Promise<RouteBench> {
  const stack = await startStack({ redis: true });
  const port = await freePort();
  await Promise.all([
    stack.startServer(port, { PLENARY_OPERATOR_PASSWORD: OPERATOR_PASSWORD }),
    stack.startWorker(),
  ]);
  const client = clientOf(`http://127.0.0.1:${port}`);
  const federation = await createFederation({
    rpcUrl: stack.rpcUrl,
    aggregator: stack.aggregator,
    members: 4,
    parameterCount: PARAMETERS,
    model: Int32Array.from({ length: PARAMETERS }, (_, i) => 7919 * i),
  });
  const address = toBase58(federation.address);
  await client.register(federation);
  await submitAll(client, federation, 1n);
  await waitForEvent(client, federation, "round-final", 1n);
  await waitForEvent(client, federation, "round-opened", 2n);
  return {
    client,
    federation,
    address,
    round: await client.round(federation.address, 2n),
    memberAt(place) {
      const member = federation.members[place];
      assert.ok(member);
      return member;
    },
    uploadOf: (update, change = {}) => ({
      method: "POST",
      path: `/v1/federations/${address}/rounds/2/updates`,
      body: update.payload,
      ...change,
      headers: {
        "content-type": "application/octet-stream",
        [ENVELOPE_HEADER]: toBase64(update.message),
        [SIGNATURE_HEADER]: toBase64(update.signature),
        ...change.headers,
      },
    }),
    refused: (request, code) => refused(client.origin, request, code),
    stop: () => stack.stop(),
  };
}

async function refused(origin: string, request: RawRequest, code: string): Promise<void> {
  const answer = await sendRaw(origin, request);
  assert.equal(answer.code, code, answer.body.toString());
  assert.ok(isErrorCode(code));
  assert.equal(answer.status, ERROR_STATUS[code]);
  const { error } = parserOf(ErrorBody, "Refusal")(JSON.parse(answer.body.toString()));
  assert.ok(error.message.length > 10 && error.requestId === answer.headers["x-request-id"]);
}

/** The code with which a call is refused. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => (error instanceof Refusal ? error.code : assert.fail(String(error))),
  );
}
