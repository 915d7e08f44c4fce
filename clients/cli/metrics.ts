import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PlenaryError } from "@plenary/protocol";

/** A listening page of metrics. */
export interface MetricsPage {
  readonly port: number;
  close(): void;
}

/** Serves `text` at /metrics, to this machine alone. Port 0 is any free one. Throws `conflict` if the port is in use. */
export async function serveMetrics(port: number, text: () => string): Promise<MetricsPage> {
  const server = createServer((request, response) => {
    const found = request.method === "GET" && request.url === "/metrics";
    response.writeHead(found ? 200 : 404, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
    response.end(found ? text() : "The metrics are at /metrics.\n");
  });
  await new Promise<void>((done, fail) => {
    server.once("error", (cause) =>
      fail(
        new PlenaryError(
          "conflict",
          `Cannot serve metrics on port ${port}: choose another one.`,
          { port },
          { cause },
        ),
      ),
    );
    server.listen(port, "127.0.0.1", done);
  });
  // A listening TCP server has an address with a port.
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
