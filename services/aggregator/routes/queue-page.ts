import { timingSafeEqual } from "node:crypto";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import { sha256 } from "@plenary/protocol";
import type { Queue } from "bullmq";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const PATH = "/operator/queues";
const USER = "operator";

/** The queue's page, for those who know the operator's password. Without one there is no page. */
export async function mountQueuePage(
  app: FastifyInstance,
  queue: Queue,
  password: string | undefined,
): Promise<void> {
  if (password === undefined) return;
  const adapter = new FastifyAdapter();
  adapter.setBasePath(PATH);
  createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter: adapter });
  const expected = sha256(new TextEncoder().encode(`${USER}:${password}`));
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => authorise(request, reply, expected));
    await scope.register(adapter.registerPlugin(), { prefix: PATH });
  });
}

async function authorise(
  request: FastifyRequest,
  reply: FastifyReply,
  expected: Uint8Array,
): Promise<void> {
  const [, credentials = ""] =
    /^Basic ([A-Za-z0-9+/=]+)$/.exec(request.headers.authorization ?? "") ?? [];
  const given = sha256(Buffer.from(credentials, "base64"));
  // The comparison in constant time needs inputs of equal length, such as hashes.
  if (timingSafeEqual(given, expected)) return;
  await reply
    .code(401)
    .header("www-authenticate", 'Basic realm="Plenary operator"')
    .send("The operator's password is needed.");
}
