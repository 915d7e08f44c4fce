import bs58 from "bs58";
import type { Message } from "./message.ts";

const LAMPORTS_PER_SIGNATURE = 5_000n;
const MAX_UNITS = 1_400_000n;
const UNITS_PER_INSTRUCTION = 200_000n;
const UNITS_PER_BUILTIN_INSTRUCTION = 3_000n;
const COMPUTE_BUDGET = "ComputeBudget111111111111111111111111111111";
/**
 * Built-in programs, whose instructions count 3,000 units where a transaction sets no limit
 * (SIMD-0170).
 */
const BUILTINS = new Set([
  "11111111111111111111111111111111",
  COMPUTE_BUDGET,
  "Vote111111111111111111111111111111111111111",
  "BPFLoaderUpgradeab1e11111111111111111111111",
  "BPFLoader2111111111111111111111111111111111",
  "BPFLoader1111111111111111111111111111111111",
  "LoaderV411111111111111111111111111111111111",
]);
/** Programs whose instructions carry signatures, paid for like the transaction's own. */
const SIGNATURE_PRECOMPILES = new Set([
  "Ed25519SigVerify111111111111111111111111111",
  "KeccakSecp256k11111111111111111111111111111",
  "Secp256r1SigVerify1111111111111111111111111",
]);

/**
 * The lamports that a message costs its fee payer: a base fee for each signature, and the
 * priority fee.
 */
export function feeOf(message: Message): bigint {
  let signatures = BigInt(message.requiredSignatures);
  let price = 0n;
  let limit: bigint | undefined;
  let defaultLimit = 0n;
  for (const { programIndex, data } of message.instructions) {
    const program = bs58.encode(message.keys[programIndex]!);
    if (SIGNATURE_PRECOMPILES.has(program)) signatures += BigInt(data[0] ?? 0);
    if (program === COMPUTE_BUDGET) {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      if (data[0] === 2 && data.length >= 5) limit = BigInt(view.getUint32(1, true));
      if (data[0] === 3 && data.length >= 9) price = view.getBigUint64(1, true);
    }
    if (!SIGNATURE_PRECOMPILES.has(program))
      defaultLimit += BUILTINS.has(program) ? UNITS_PER_BUILTIN_INSTRUCTION : UNITS_PER_INSTRUCTION;
  }
  const wanted = limit ?? defaultLimit;
  const units = wanted < MAX_UNITS ? wanted : MAX_UNITS;
  return signatures * LAMPORTS_PER_SIGNATURE + (price * units + 999_999n) / 1_000_000n;
}
