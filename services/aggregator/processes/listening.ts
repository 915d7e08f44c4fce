import type { AddressInfo } from "node:net";
import { PlenaryError } from "@plenary/protocol";
import type { FastifyInstance } from "fastify";

/** Starts to listen. Throws `conflict`, naming the setting, if the port is taken. */
export async function listen(
  app: FastifyInstance,
  {
    host,
    port,
    setting,
  }: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE")) throw cause;
    throw new PlenaryError(
      "conflict",
      `Port ${port} on ${host} is in use: stop what listens there, or set ${setting}.`,
      { host, port },
      { cause },
    );
  }
}

/** The URL at which `app` listens. */
export function urlOf(app: FastifyInstance): string {
  // A TCP server that listens has an address with a port.
  const { address, family, port } = app.server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
