import assert from "node:assert/strict";
import { test } from "node:test";
import { IDL } from "@plenary/chain";
import { type Connection, Keypair, PublicKey } from "@solana/web3.js";
import { readOutcome } from "./dispute-history.ts";

const PAGE = 1_000;

/** A node that lists these transactions of an address, newest first; each transaction is empty. */
function nodeWith(known: readonly { signature: string; err: object | null }[]) {
  const asked: (string | undefined)[] = [];
  const connection = {
    async getSignaturesForAddress(_: PublicKey, { before }: { before?: string }) {
      asked.push(before);
      const from =
        before === undefined ? 0 : known.findIndex(({ signature }) => signature === before) + 1;
      return known.slice(from, from + PAGE);
    },
    getTransaction: async () => null,
  };
  return { asked, connection: connection as unknown as Connection };
}

test("refused transactions are passed over, and each page is read once", async () => {
  const refused = Array.from({ length: 2 * PAGE + 1 }, (_, i) => ({
    signature: `refused ${i}`,
    err: {},
  }));
  const { asked, connection } = nodeWith(refused);
  const [dispute, challenger] = [Keypair.generate().publicKey, Keypair.generate().publicKey];
  assert.equal(
    await readOutcome(connection, new PublicKey(IDL.address), dispute, challenger),
    null,
  );
  assert.deepEqual(asked, [undefined, `refused ${PAGE - 1}`, `refused ${2 * PAGE - 1}`]);
});
