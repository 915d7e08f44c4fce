import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** A reverse proxy before the service, which can lose it, as while a container is replaced. */
export interface Front {
  readonly url: string;
  /** From now on the proxy answers with this status itself, and cuts what it was passing on. */
  lose(status: number): void;
  find(): void;
}

export async function startFront(t: TestContext, service: string): Promise<Front> {
  const { hostname, port } = new URL(service);
  const passing = new Set<ServerResponse>();
  let own: number | undefined;
  const server = createServer((incoming, reply) => {
    if (own !== undefined)
      return void reply.writeHead(own, { "content-type": "text/plain" }).end("no such page\n");
    const { method, url: path, headers } = incoming;
    const outgoing = request({ hostname, port, method, path, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("error", () => reply.destroy());
      answer.pipe(reply);
    });
    passing.add(reply);
    reply.on("close", () => {
      passing.delete(reply);
      outgoing.destroy();
    });
    outgoing.on("error", () => reply.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  const { port: frontPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${frontPort}`,
    lose(status) {
      own = status;
      for (const reply of passing) reply.destroy();
    },
    find() {
      own = undefined;
    },
  };
}
