import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENDPOINTS, PlenaryError } from "@plenary/protocol";
import { isOutage, isRetryable, LONGEST_STATED_PAUSE, pause, pauseAfter } from "./retry.ts";
import { createServiceClient, type ServiceClient } from "./service-client.ts";
import { refuse, sendJson, serve } from "./testing/http-server.ts";

const QUICK = { attempts: 4, firstPause: 1, longestPause: 4 };
const NONE = { federations: [] };

function clientOf(url: string): ServiceClient {
  return createServiceClient({ url, retry: QUICK });
}

describe("retries", () => {
  for (const [status, code] of [
    [429, "rate-limited"],
    [503, "database-unavailable"],
    [503, "queue-unavailable"],
    [503, "chain-unavailable"],
    [503, "shutting-down"],
  ] as const)
    test(`${code} is tried again`, async (t) => {
      const { url, received } = await serve(t, (_, response, number) =>
        number < 3 ? refuse(response, status, code) : sendJson(response, 200, NONE),
      );
      assert.deepEqual(await clientOf(url).call(ENDPOINTS.federationList), NONE);
      assert.equal(received.length, 3);
    });

  for (const [status, code] of [
    [400, "invalid-input"],
    [401, "signature-invalid"],
    [403, "member-unknown"],
    [404, "not-found"],
    [409, "round-closed"],
    [409, "equivocation"],
    [500, "internal"],
  ] as const)
    test(`${code} is final, and keeps the service's words`, async (t) => {
      const { url, received } = await serve(t, (_, response) => refuse(response, status, code));
      await assert.rejects(clientOf(url).call(ENDPOINTS.federationList), {
        code,
        message: `It is ${code}.`,
        context: { limit: 7, requestId: "r1", status },
      });
      assert.equal(received.length, 1);
    });

  for (const status of [400, 403, 404, 408, 413, 500])
    test(`a foreign ${status} is final at first, and an outage once the service has answered`, async (t) => {
      const away = new Set([1, 3, 4]);
      const { url } = await serve(t, (_, response, number) =>
        away.has(number)
          ? void response.writeHead(status, { "content-type": "text/plain" }).end("no such page")
          : sendJson(response, 200, NONE),
      );
      const client = clientOf(url);
      const list = () => client.call(ENDPOINTS.federationList);
      await assert.rejects(list(), (error) => !isOutage(error));
      assert.deepEqual(await list(), NONE);
      assert.deepEqual(await list(), NONE);
      for (let number = 6; number < 6 + QUICK.attempts; number += 1) away.add(number);
      await assert.rejects(list(), (error: unknown) => {
        assert.ok(isOutage(error));
        assert.match(error.message, status === 413 ? /proxy .* limit for bodies/ : /is away/);
        return true;
      });
    });

  test("a full disk and a failing service are outages, the second not for ever", () => {
    const full = new PlenaryError("storage-full", "The service's disk is full.");
    const failed = new PlenaryError("internal", "The service failed.");
    const refused = new PlenaryError("round-closed", "The round is closed.");
    assert.deepEqual([full, failed, refused].map(isRetryable), [false, false, false]);
    assert.deepEqual([isOutage(full, 1e6), isOutage(refused)], [true, false]);
    assert.deepEqual([isOutage(failed, 1), isOutage(failed, 1_000)], [true, false]);
  });

  test("the last refusal is thrown when the attempts are used up", async (t) => {
    const { url, received } = await serve(t, (_, response) =>
      refuse(response, 503, "queue-unavailable"),
    );
    await assert.rejects(clientOf(url).call(ENDPOINTS.federationList), {
      code: "queue-unavailable",
    });
    assert.equal(received.length, QUICK.attempts);
  });

  test("a connection that breaks is tried again", async (t) => {
    const { url } = await serve(t, (_, response, number) => {
      if (number === 1) response.destroy();
      else if (number === 2) {
        response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
        response.write("{");
        response.destroy();
      } else sendJson(response, 200, NONE);
    });
    assert.deepEqual(await clientOf(url).call(ENDPOINTS.federationList), NONE);
  });

  test("pauses double, are random, have a ceiling, and last as long as the service asks", async (t) => {
    const policy = { attempts: 9, firstPause: 100, longestPause: 1_000 };
    for (let attempt = 1; attempt < 9; attempt += 1)
      for (let i = 0; i < 50; i += 1) {
        const pause = pauseAfter(policy, attempt);
        assert.ok(pause >= 0 && pause <= Math.min(1_000, 100 * 2 ** (attempt - 1)));
      }
    const stated = new PlenaryError("rate-limited", "Too many.", { retryAfter: 60_000 });
    assert.equal(pauseAfter(policy, 1, stated), 60_000);
    const { url } = await serve(t, (_, response) =>
      refuse(response, 429, "rate-limited", { "retry-after": "3600" }),
    );
    const once = createServiceClient({ url, retry: { attempts: 1 } });
    await assert.rejects(once.call(ENDPOINTS.federationList), {
      context: { limit: 7, requestId: "r1", status: 429, retryAfter: 3_600_000 },
    });
  });

  test("a service's retry-after is a number or a date, and bounded", async (t) => {
    const policy = { attempts: 9, firstPause: 0, longestPause: 0 };
    const soon = new Date(Date.now() + 60_000).toUTCString();
    const stated = ["120", soon, "9999999", "86400", "Fri, 31 Dec 9999 23:59:59 GMT"];
    stated.push("0", "soon", "-5", "1e9", "Thu, 01 Jan 1970 00:00:00 GMT");
    const { url } = await serve(t, (_, response, number) =>
      refuse(response, 429, "rate-limited", { "retry-after": stated[number - 1] ?? "" }),
    );
    const once = createServiceClient({ url, retry: { attempts: 1 } });
    const pauses: number[] = [];
    for (const _ of stated)
      await once.call(ENDPOINTS.federationList).catch((error: unknown) => {
        assert.ok(error instanceof PlenaryError);
        pauses.push(pauseAfter(policy, 1, error));
      });
    const [, date = 0, ...others] = pauses;
    assert.ok(date <= 60_000, `${date}`);
    assert.deepEqual(
      [pauses[0], ...others],
      [120_000, ...Array(3).fill(LONGEST_STATED_PAUSE), 0, 0, 0, 0, 0],
    );
  });

  test("a pause longer than a timer can hold does not end at once", async () => {
    const controller = new AbortController();
    const long = pause(9_999_999_000, controller.signal);
    const short = pause(20).then(() => controller.abort(new Error("still waiting")));
    await assert.rejects(long, { message: "still waiting" });
    await short;
  });

  test("an abort ends the waiting at once, with the caller's reason", async (t) => {
    const controller = new AbortController();
    const { url, received } = await serve(t, (_, response) => {
      refuse(response, 503, "shutting-down", { "retry-after": "3600" });
      setImmediate(() => controller.abort(new Error("enough")));
    });
    const { signal } = controller;
    await assert.rejects(clientOf(url).call(ENDPOINTS.federationList, { signal }), {
      message: "enough",
    });
    assert.equal(received.length, 1);
  });
});
