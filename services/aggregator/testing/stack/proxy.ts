import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { opened } from "../../../../testing/index.ts";

/** A connection to another process that a test can break and mend, as networks and restarts do. */
export interface CuttableLink {
  /** The given URL, by way of the proxy. */
  readonly url: string;
  /**
   * Ends all connections, and new ones as they come. The proxy keeps listening, because another
   * process could take the port.
   */
  cut(): void;
  mend(): void;
  /** Leads new connections to another port of the target's host. */
  redirect(port: number): void;
  close(): Promise<void>;
}

export async function proxyTo(target: string): Promise<CuttableLink> {
  const { hostname, port: firstPort } = new URL(target);
  let port = Number(firstPort);
  const sockets = new Set<Socket>();
  let isCut = false;
  const accept = (incoming: Socket) => {
    if (isCut) return void incoming.resetAndDestroy();
    const outgoing = connect(port, hostname);
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  };
  const server = createServer(accept).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    // URL adds a slash to a bare host, which connection strings do not mind.
    url: url.toString().replace(/\/$/, ""),
    cut,
    mend() {
      isCut = false;
    },
    redirect(other) {
      port = other;
    },
    close: opened(async () => {
      cut();
      server.close();
      await once(server, "close");
    }),
  };
}
