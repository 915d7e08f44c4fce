import type { Connection } from "@solana/web3.js";

/**
 * Closes a connection's WebSocket for good, so that the process can end. web3.js has no method for
 * this, and its socket reconnects forever after the node has gone.
 */
export function disconnect(connection: Connection): void {
  const socket: unknown = Reflect.get(connection, "_rpcWebSocket");
  if (typeof socket !== "object" || socket === null) return;
  Reflect.set(socket, "reconnect", false);
  if ("close" in socket && typeof socket.close === "function") socket.close();
}
