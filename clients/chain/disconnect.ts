import type { Connection } from "@solana/web3.js";

/**
 * Closes a connection's WebSocket for good, so that the process can end. web3.js offers no way to do so, and its socket
 * reconnects for ever after the node has gone.
 */
export function disconnect(connection: Connection): void {
  const socket: unknown = Reflect.get(connection, "_rpcWebSocket");
  if (typeof socket !== "object" || socket === null) return;
  Reflect.set(socket, "reconnect", false);
  if ("close" in socket && typeof socket.close === "function") socket.close();
}
