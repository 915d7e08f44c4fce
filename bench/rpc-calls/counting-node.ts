import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands in front of a real node, at a port of its own, and counts what it is asked. */
export interface CountingNode {
  readonly url: string;
  /** Calls by method since the last `take`. */
  take(): ReadonlyMap<string, number>;
  close(): void;
}

export async function countingNode(target: string): Promise<CountingNode> {
  let counts = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    for (const { method } of [JSON.parse(body)].flat() as { method: string }[])
      counts.set(method, (counts.get(method) ?? 0) + 1);
    const headers = { "content-type": "application/json" };
    const answer = await fetch(target, { method: "POST", headers, body }).catch(() => null);
    if (answer === null) return response.destroy();
    return response.writeHead(answer.status, headers).end(await answer.text());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
