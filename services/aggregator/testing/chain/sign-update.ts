import { createCodec, vectorRootFast } from "@plenary/algorithms";
import { PROGRAM_ID } from "@plenary/chain";
import { type Envelope, encodeEnvelope, sha256, signMessage } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";

export interface TestMember {
  readonly owner: Keypair;
  readonly updateKey: Keypair;
  readonly address: Uint8Array;
}

/** A signed update, ready to send. */
export interface TestUpdate {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly payload: Uint8Array;
}

export interface UpdatePlan {
  readonly genesisHash: Uint8Array;
  readonly federation: Uint8Array;
  readonly round: bigint;
  readonly baseRoot: Uint8Array;
  readonly delta: Int32Array;
  readonly weight?: number;
  readonly sequence?: bigint;
  readonly codec?: "int32" | "int8";
  /** Changes of the envelope before it is signed. */
  readonly change?: Partial<Envelope>;
  readonly payload?: Uint8Array;
}

/** An update of a member, as an organisation would sign it. */
export function signUpdate(member: TestMember, plan: UpdatePlan): TestUpdate {
  const codec = createCodec({ name: plan.codec ?? "int32" });
  const payload = plan.payload ?? codec.encode(plan.delta);
  const decoded =
    plan.payload === undefined ? codec.decode(payload, plan.delta.length) : plan.delta;
  const message = encodeEnvelope({
    genesisHash: plan.genesisHash,
    programId: PROGRAM_ID.toBytes(),
    federation: plan.federation,
    round: plan.round,
    member: member.address,
    baseRoot: plan.baseRoot,
    sequence: plan.sequence ?? 1n,
    codec: codec.id,
    payloadLength: payload.length,
    payloadHash: sha256(payload),
    weight: plan.weight ?? 10,
    deltaRoot: vectorRootFast(decoded),
    checkpointRoot: new Uint8Array(32),
    ...plan.change,
  });
  return { message, signature: signMessage(message, member.updateKey.secretKey), payload };
}
