import { until } from "../../../../testing/index.ts";

interface LatestBlockhash {
  readonly context: unknown;
  readonly value: { readonly blockhash: string; readonly lastValidBlockHeight: number };
}

/** Blocks for which a blockhash is valid. */
const BLOCKHASH_LIFETIME = 150;
const POLL = { pollMilliseconds: 50 };

/** A node's blocks as its clients see them. The lifetime of a blockhash can pass at once. */
export class HurriedTime {
  readonly #ask: (body: string) => Promise<string>;
  readonly #valid = new Set<string>();
  readonly #expired = new Set<string>();
  #blocksAhead = 0;
  #passing: Promise<void> = Promise.resolve();

  /** `ask` takes a JSON-RPC request to the node. */
  constructor(ask: (body: string) => Promise<string>) {
    this.#ask = ask;
  }

  /** Whether the blockhash was handed out before time passed. */
  isExpired(blockhash: string | undefined): boolean {
    return blockhash !== undefined && this.#expired.has(blockhash);
  }

  /**
   * `forwarded` is what the node was given before and has not answered. It is confirmed by the time
   * that clients see the blockhash expired.
   */
  pass(forwarded: Iterable<Promise<unknown>>): void {
    for (const blockhash of this.#valid) this.#expired.add(blockhash);
    this.#valid.clear();
    const pass = async () => {
      await Promise.allSettled(forwarded);
      const height = await this.#height();
      await until("two blocks", async () => (await this.#height()) > height + 1, POLL);
      this.#blocksAhead += BLOCKHASH_LIFETIME;
    };
    this.#passing = pass();
  }

  /** The height as a client sees it. What is passing has passed when this resolves. */
  async isValid(
    blockhash: string,
  ): Promise<{ readonly context: unknown; readonly value: boolean }> {
    await this.#passing;
    const answer = await this.#call<{ readonly context: unknown; readonly value: boolean }>(
      "isBlockhashValid",
      blockhash,
    );
    return this.isExpired(blockhash) ? { ...answer, value: false } : answer;
  }

  /** A blockhash that has not expired. The node makes a new one with each block. */
  latestBlockhash(): Promise<LatestBlockhash> {
    const look = async () => {
      const { context, value } = await this.#call<LatestBlockhash>("getLatestBlockhash");
      await this.#passing;
      const { blockhash } = value;
      const lastValidBlockHeight = value.lastValidBlockHeight + this.#blocksAhead;
      if (this.isExpired(blockhash)) return false;
      this.#valid.add(blockhash);
      return { context, value: { blockhash, lastValidBlockHeight } };
    };
    return until<LatestBlockhash>("a blockhash that has not expired", look, POLL);
  }

  #height(): Promise<number> {
    return this.#call<number>("getBlockHeight");
  }

  async #call<T>(method: string, ...given: readonly string[]): Promise<T> {
    const params = [...given, { commitment: "confirmed" }];
    const text = await this.#ask(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    return (JSON.parse(text) as { readonly result: T }).result;
  }
}
