import { renameSync, writeFileSync } from "node:fs";

/**
 * How far a hurried node's clock is ahead of the system's, in a file that the node reads
 * (services/localnet/testing/hurried-node.ts).
 */
export class HurriedClock {
  readonly #file: string;
  #milliseconds = 0;

  constructor(file: string) {
    this.#file = file;
    this.pass(0);
  }

  /**
   * Lets time pass at once. Less than a blockhash's lifetime (60 s) leaves what has been signed
   * valid.
   */
  pass(seconds: number): void {
    this.#milliseconds += 1_000 * seconds;
    // The node may read it at any moment.
    writeFileSync(`${this.#file}.new`, String(this.#milliseconds));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
