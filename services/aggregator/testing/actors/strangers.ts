import { randomBytes } from "node:crypto";
import { type ServiceIdentity, sha256, signRequest, toBase58 } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";

/** A request to be signed. */
export interface Target {
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
}

/** Keys of the requesters. */
export interface Cast {
  readonly service: ServiceIdentity;
  readonly stranger: Keypair;
  readonly otherMember: Keypair;
  readonly exitedMember: Keypair;
  readonly member: Keypair;
  readonly updateKey: Keypair;
  readonly authority: Keypair;
  readonly aggregator: Keypair;
}

type Headers = Readonly<Record<string, string>>;
/** Headers of each request that a requester sends. The answer to the last one counts. */
type Approach = (cast: Cast, target: Target) => readonly Headers[];

/**
 * Everybody that may ask for something, by how the request is signed. Flaws of a signature are
 * flaws of the authority's own.
 */
export const STRANGERS = {
  nobody: () => [{}],
  "wrong key": (cast, target) => {
    const name = toBase58(cast.authority.publicKey.toBytes());
    return [{ ...sign(cast, cast.stranger, target), "plenary-key": name }];
  },
  expired: (cast, target) => [sign(cast, cast.authority, target, { time: Date.now() - 61_000 })],
  "from the future": (cast, target) => [
    sign(cast, cast.authority, target, { time: Date.now() + 70_000 }),
  ],
  replayed: (cast, target) => {
    const headers = sign(cast, cast.authority, target);
    return [headers, headers];
  },
  "for another path": (cast, target) => [
    sign(cast, cast.authority, { ...target, path: `${target.path}?again` }),
  ],
  "for another method": (cast, target) => [
    sign(cast, cast.authority, { ...target, method: "PATCH" }),
  ],
  "for another body": (cast, target) => [
    sign(cast, cast.authority, { ...target, body: randomBytes(8) }),
  ],
  "for another service": (cast, target) => {
    const service = { ...cast.service, aggregator: cast.stranger.publicKey.toBytes() };
    return [sign({ ...cast, service }, cast.authority, target)];
  },
  stranger: (cast, target) => [sign(cast, cast.stranger, target)],
  "member of another federation": (cast, target) => [sign(cast, cast.otherMember, target)],
  "exited member": (cast, target) => [sign(cast, cast.exitedMember, target)],
  member: (cast, target) => [sign(cast, cast.member, target)],
  "member's update key": (cast, target) => [sign(cast, cast.updateKey, target)],
  aggregator: (cast, target) => [sign(cast, cast.aggregator, target)],
  authority: (cast, target) => [sign(cast, cast.authority, target)],
} as const satisfies Record<string, Approach>;

export type Stranger = keyof typeof STRANGERS;

function sign(
  { service }: Cast,
  key: Keypair,
  { method, path, body }: Target,
  { time = Date.now() }: { time?: number } = {},
): Headers {
  const nonce = randomBytes(16).toString("hex");
  return signRequest({ service, method, path, bodyHash: sha256(body), time, nonce }, key.secretKey);
}
