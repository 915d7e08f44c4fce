import { createServer } from "node:net";
import { LocalStackError, systemCode } from "../errors.ts";

export interface PortWish {
  /** What listens there, for messages. */
  readonly purpose: string;
  /** The address to listen on (default 127.0.0.1). */
  readonly host?: string;
  /** The variable that names the host, for messages. */
  readonly hostVariable?: string;
  /** The port to give if it is free. Without one, any will do. */
  readonly preferred?: number;
  /** The variable that demands the preferred port. Without one, another free port will do. */
  readonly demandedBy?: string;
  /** How many consecutive ports are needed (default 1). */
  readonly count?: number;
}

const LOOPBACK = "127.0.0.1";
/** Codes that no choice of port mends: the address belongs to another machine, or to none. */
const WRONG_HOST = ["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EINVAL", "EAFNOSUPPORT"];

/** Hands out ports: the preferred one if it is free, else any, and none twice. */
export class Ports {
  readonly #given = new Set<number>();

  /**
   * The first of `count` consecutive free ports. Throws `port-in-use` if a demanded port is
   * taken, `option-invalid` if nothing can listen on the host.
   */
  async take(wish: PortWish): Promise<number> {
    const { preferred, count = 1, host = LOOPBACK } = wish;
    if (preferred !== undefined && (await this.#areFree(wish, preferred)))
      return this.#give(preferred, count);
    if (preferred !== undefined && wish.demandedBy !== undefined)
      throw portTaken(wish, preferred, wish.demandedBy);
    for (;;) {
      const found = await listenOnce(0, host);
      if (typeof found === "string") throw unlistenable(wish, found);
      if (await this.#areFree(wish, found)) return this.#give(found, count);
    }
  }

  /** Whether nothing listens on a port that was given out, nor on those after it. */
  async isFree(first: number, count = 1, host = LOOPBACK): Promise<boolean> {
    for (let port = first; port < first + count; port++)
      if (typeof (await listenOnce(port, host)) === "string") return false;
    return true;
  }

  async #areFree(wish: PortWish, first: number): Promise<boolean> {
    const { count = 1, host = LOOPBACK } = wish;
    for (let port = first; port < first + count; port++) {
      if (port > 65_535 || this.#given.has(port)) return false;
      const found = await listenOnce(port, host);
      if (typeof found === "number") continue;
      if (WRONG_HOST.includes(found)) throw unlistenable(wish, found);
      return false;
    }
    return true;
  }

  #give(first: number, count: number): number {
    for (let port = first; port < first + count; port++) this.#given.add(port);
    return first;
  }
}

/** Listens for a moment. Returns the port, or the system's code if that cannot be. */
function listenOnce(port: number, host: string): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(systemCode(error) || "unknown"));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : "unknown"),
      );
    });
  });
}

function portTaken(wish: PortWish, port: number, demandedBy: string): LocalStackError {
  const { count = 1, purpose } = wish;
  const which = count === 1 ? `Port ${port}` : `One of the ports ${port} to ${port + count - 1}`;
  return new LocalStackError(
    "port-in-use",
    `${which}, which ${demandedBy} demands for ${purpose}, is in use or not allowed. Stop the program that listens there, or choose another port.`,
    { port },
  );
}

function unlistenable(wish: PortWish, code: string): LocalStackError {
  const { host = LOOPBACK, hostVariable, purpose } = wish;
  const remedy =
    hostVariable === undefined
      ? "Free a port on it."
      : `Set ${hostVariable} to an address of this machine.`;
  return new LocalStackError(
    "option-invalid",
    `Nothing can listen on ${host} for ${purpose} (${code}). ${remedy}`,
    { host },
  );
}
