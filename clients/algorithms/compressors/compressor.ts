/** How an update travels: a vector of int32 as payload bytes. Decoding gives integers, the same on every machine. */
export interface Compressor {
  readonly name: string;
  /** Number in the envelope. */
  readonly id: number;
  /** Most bytes that the payload of an update of `parameterCount` entries has. */
  maxPayloadLength(parameterCount: number): number;
  /** Throws `invalid-input`, naming the index, on an entry of 2^27 or more in magnitude: such an update is refused anyway. */
  encode(delta: Int32Array): Uint8Array;
  /** The update, which the deltaRoot of its envelope must be taken of. Throws `codec-malformed` on bytes that `encode` cannot give. */
  decode(payload: Uint8Array, parameterCount: number): Int32Array;
}
