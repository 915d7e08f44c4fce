import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import type { ErrorCode } from "@plenary/protocol";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Uint8Array;
}

/** Answers the n-th request (from 1) of a test. */
export type Answer = (
  request: Received,
  response: ServerResponse,
  number: number,
) => void | Promise<void>;

/** A server on the loopback interface that records what it received, closed when the test ends. */
export async function serve(
  t: TestContext,
  answer: Answer,
): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (incoming, response) => {
    const body = Uint8Array.from(await buffer(incoming));
    const request = {
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      headers: incoming.headers,
      body,
    };
    received.push(request);
    await answer(request, response, received.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(JSON.stringify(value));
}

/** A refusal as the service words it. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: ErrorCode,
  headers: Record<string, string> = {},
): void {
  const error = { code, message: `It is ${code}.`, context: { limit: 7 }, requestId: "r1" };
  sendJson(response, status, { error }, headers);
}
