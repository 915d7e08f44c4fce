/** Writes an update as payload bytes and reads it back, to the same integers on every machine. */
export interface Codec {
  readonly name: string;
  /** Number in the envelope. */
  readonly id: number;
  /** Most bytes that the payload of an update of `parameterCount` entries has. */
  maxPayloadLength(parameterCount: number): number;
  /**
   * Throws `invalid-input`, naming the index, on an entry of 2^27 or more in magnitude: screening
   * refuses such an update.
   */
  encode(delta: Int32Array): Uint8Array;
  /**
   * The update whose root is the envelope's `deltaRoot`. Throws `codec-malformed` on bytes that
   * `encode` cannot give.
   */
  decode(payload: Uint8Array, parameterCount: number): Int32Array;
}
