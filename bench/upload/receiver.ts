/**
 * The other side of bench/upload.ts: the least that node:http can do to receive a payload, hash it
 * while it arrives and have it on disk before answering. Arguments: folder. Sends its port to
 * its parent.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";

const folder = process.argv[2] ?? "";
let count = 0;

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash("sha256");
  const file = await open(join(folder, String(count++)), "wx");
  try {
    for await (const chunk of request) {
      hash.update(chunk);
      await file.write(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  response.writeHead(202, { "content-type": "application/json" });
  response.end(JSON.stringify({ hash: hash.digest("hex") }));
}

const server = createServer((request, response) => {
  receive(request, response).catch((error: unknown) =>
    response.destroy(error instanceof Error ? error : undefined),
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : undefined);
});
process.on("disconnect", () => process.exit(0));
