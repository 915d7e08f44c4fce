import { createServer } from "node:net";
import { LocalStackError } from "../errors.ts";

export interface PortWish {
  /** What listens there, for messages. */
  readonly purpose: string;
  /** Absent: any will do. */
  readonly preferred?: number;
  /** The variable that asked for exactly this port; without one, another free port will do. */
  readonly demandedBy?: string;
  /** How many ports in a row are needed (default 1). */
  readonly count?: number;
}

/** Hands out loopback ports: the preferred one if it is free, else any, and none twice. */
export class Ports {
  readonly #given = new Set<number>();

  /** The first of `count` free ports in a row. Throws `port-in-use` if a demanded one is taken. */
  async take(wish: PortWish): Promise<number> {
    const { preferred, count = 1 } = wish;
    if (preferred !== undefined && (await this.#areFree(preferred, count)))
      return this.#give(preferred, count);
    if (preferred !== undefined && wish.demandedBy !== undefined) {
      const which =
        count === 1
          ? `Port ${preferred}`
          : `One of the ports ${preferred} to ${preferred + count - 1}`;
      throw new LocalStackError(
        "port-in-use",
        `${which}, asked for by ${wish.demandedBy} for ${wish.purpose}, is in use. Stop the program that listens there, or choose another port.`,
        { port: preferred },
      );
    }
    for (;;) {
      const port = await anyFreePort();
      if (await this.#areFree(port, count)) return this.#give(port, count);
    }
  }

  /** Whether nobody listens on a port that was given out, or on those after it. */
  async isFree(first: number, count = 1): Promise<boolean> {
    for (let port = first; port < first + count; port++)
      if ((await listenOnce(port)) === null) return false;
    return true;
  }

  async #areFree(first: number, count: number): Promise<boolean> {
    for (let port = first; port < first + count; port++) {
      if (port > 65_535 || this.#given.has(port) || (await listenOnce(port)) === null) return false;
    }
    return true;
  }

  #give(first: number, count: number): number {
    for (let port = first; port < first + count; port++) this.#given.add(port);
    return first;
  }
}

async function anyFreePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === null) throw new LocalStackError("port-in-use", "No free port is left on 127.0.0.1.");
  return port;
}

/** Listens for a moment; returns the port, or null if it is taken or not allowed. */
function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : null),
      );
    });
  });
}
