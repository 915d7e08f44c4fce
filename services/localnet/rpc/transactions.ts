import bs58 from "bs58";
import Type from "typebox";
import type { Submission } from "../bank/bank.ts";
import { feeOf } from "../bank/fees.ts";
import { MalformedTransactionError, PACKET_SIZE, parseMessage } from "../bank/message.ts";
import { describeTransactionError, type TransactionError } from "../bank/transaction-errors.ts";
import type { Execution, Simulation } from "../bank/virtual-machine.ts";
import { encodeAccount, jsonU64 } from "./account-encoding.ts";
import { invalidParam, RpcError } from "./errors.ts";
import { method } from "./method.ts";
import {
  Address,
  addressOf,
  Commitment,
  CommitmentConfig,
  Config,
  contextSlot,
  Encoding,
  Slot,
  withContext,
} from "./params.ts";
import { encodeInnerInstructions } from "./transaction-encoding.ts";

const MAX_AIRDROP_LAMPORTS = Number.MAX_SAFE_INTEGER;
const WireEncoding = Type.Optional(Type.Enum(["base58", "base64"]));
const WireTransaction = Type.String();

/** Methods that run transactions, or tell what running one costs. */
export const TRANSACTION_METHODS = [
  method(
    "sendTransaction",
    {
      transaction: WireTransaction,
      config: Type.Optional(
        Type.Object({
          encoding: WireEncoding,
          skipPreflight: Type.Optional(Type.Boolean()),
          preflightCommitment: Type.Optional(Commitment),
          maxRetries: Type.Optional(Slot),
          minContextSlot: Type.Optional(Slot),
        }),
      ),
    },
    ({ transaction, config = {} }, { bank }) => {
      const bytes = decodeWire(transaction, config.encoding ?? "base58");
      contextSlot(bank, { ...config, commitment: "processed" });
      const preflight = config.skipPreflight !== true;
      const submission = sanitized(() => bank.submit(bytes, { preflight }));
      // Without preflight a node forwards the transaction and cannot know what becomes of it.
      if (preflight && submission.error !== null) throw preflightFailure(submission);
      return submission.signature;
    },
  ),

  method(
    "simulateTransaction",
    {
      transaction: WireTransaction,
      config: Config({
        encoding: WireEncoding,
        sigVerify: Type.Optional(Type.Boolean()),
        replaceRecentBlockhash: Type.Optional(Type.Boolean()),
        innerInstructions: Type.Optional(Type.Boolean()),
        accounts: Type.Optional(
          Type.Object({
            encoding: Type.Optional(Encoding),
            addresses: Type.Array(Address, { maxItems: 64 }),
          }),
        ),
      }),
    },
    ({ transaction, config = {} }, { bank }) => {
      const { sigVerify = false, replaceRecentBlockhash = false } = config;
      if (sigVerify && replaceRecentBlockhash)
        throw invalidParam("params[1].sigVerify", "may not be used with replaceRecentBlockhash");
      const bytes = decodeWire(transaction, config.encoding ?? "base58");
      const slot = contextSlot(bank, config);
      const addresses = config.accounts?.addresses.map((address, index) =>
        addressOf(address, `params[1].accounts.addresses[${index}]`),
      );
      const options = { verifySignatures: sigVerify, checkBlockhash: !replaceRecentBlockhash };
      const simulation = sanitized(() => bank.simulate(bytes, options));
      if (simulation.error === "SignatureFailure") throw signatureFailure();
      const ran = "logs" in simulation ? simulation : null;
      const accountOf = (address: Uint8Array) => {
        const post = ran?.postAccounts.find(
          (entry) => Buffer.compare(entry.address, address) === 0,
        );
        return post?.account ?? bank.machine.account(address);
      };
      const { encoding = "base64" } = config.accounts ?? {};
      return withContext(slot, {
        ...executionResult(simulation.error, ran),
        accounts:
          addresses?.map((address) =>
            simulation.error === null
              ? encodeAccount(accountOf(address), { encoding }, bank.machine)
              : null,
          ) ?? null,
        ...(config.innerInstructions === true
          ? { innerInstructions: ran === null ? null : encodeInnerInstructions(ran.inner) }
          : {}),
        ...(replaceRecentBlockhash ? { replacementBlockhash: bank.slots.latestBlockhash() } : {}),
      });
    },
  ),

  method(
    "requestAirdrop",
    {
      address: Address,
      lamports: Type.Integer({ minimum: 0, maximum: MAX_AIRDROP_LAMPORTS }),
      config: Config({ recentBlockhash: Type.Optional(Type.String()) }),
    },
    ({ address, lamports }, { bank }) => {
      const submission = bank.airdrop(addressOf(address, "params[0]"), BigInt(lamports));
      if (submission.error !== null) throw preflightFailure(submission);
      return submission.signature;
    },
  ),

  method(
    "getFeeForMessage",
    { message: WireTransaction, config: CommitmentConfig },
    ({ message, config }, { bank }) => {
      const parsed = sanitized(() => parseMessage(decodeWire(message, "base64")));
      const valid = bank.slots.isValidBlockhash(bs58.encode(parsed.recentBlockhash));
      return withContext(contextSlot(bank, config), valid ? jsonU64(feeOf(parsed)) : null);
    },
  ),

  method(
    "getRecentPrioritizationFees",
    { addresses: Type.Optional(Type.Array(Address, { maxItems: 128 })) },
    ({ addresses = [] }, { bank }) => {
      for (const [index, address] of addresses.entries()) addressOf(address, `params[0][${index}]`);
      // A block here is never full, so no slot has required a priority fee.
      const count = Math.min(150, bank.slots.current);
      return Array.from({ length: count }, (_, i) => ({
        slot: bank.slots.current - count + i,
        prioritizationFee: 0,
      }));
    },
  ),
];

function decodeWire(text: string, encoding: "base58" | "base64"): Uint8Array {
  const longest = encoding === "base64" ? 1644 : 1683;
  if (text.length > longest)
    throw invalidParam(
      "params[0]",
      `${encoding} encoded transaction too large: ${text.length} bytes (max: encoded/raw ${longest}/${PACKET_SIZE})`,
    );
  const canonical = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  const bytes =
    encoding === "base58"
      ? bs58.decodeUnsafe(text)
      : canonical.test(text)
        ? Buffer.from(text, "base64")
        : undefined;
  if (bytes === undefined)
    throw invalidParam("params[0]", `is not ${encoding}: invalid ${encoding} encoding`);
  if (bytes.length > PACKET_SIZE)
    throw invalidParam(
      "params[0]",
      `decoded transaction too large: ${bytes.length} bytes (max: ${PACKET_SIZE} bytes)`,
    );
  return bytes;
}

function sanitized<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof MalformedTransactionError)) throw error;
    const kind =
      error.code === "malformed" ? "failed to deserialize transaction" : "invalid transaction";
    throw invalidParam("params[0]", `${kind}: ${error.message}`);
  }
}

function signatureFailure(): RpcError {
  return new RpcError("signatureVerificationFailure", "Transaction signature verification failure");
}

function preflightFailure({ error, execution }: Submission): RpcError {
  if (error === "SignatureFailure") return signatureFailure();
  const reason = error === null ? "" : describeTransactionError(error);
  return new RpcError("preflightFailure", `Transaction simulation failed: ${reason}`, {
    accounts: null,
    ...executionResult(error, execution),
  });
}

function executionResult(error: TransactionError | null, execution: Execution | Simulation | null) {
  const returned = execution?.returnData ?? null;
  return {
    err: error,
    logs: execution?.logs ?? [],
    unitsConsumed: Number(execution?.unitsConsumed ?? 0n),
    returnData:
      returned === null
        ? null
        : {
            programId: bs58.encode(returned.program),
            data: [Buffer.from(returned.data).toString("base64"), "base64"],
          },
  };
}
