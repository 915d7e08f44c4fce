import bs58 from "bs58";
import Type, { type Static } from "typebox";
import type { Account } from "../bank/virtual-machine.ts";
import { invalidParam } from "./errors.ts";

/** Limits of `getProgramAccounts` and `programSubscribe` on a node. */
const MAX_FILTERS = 4;
const MAX_MEMCMP_BYTES = 128;

const Offset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const AccountFilter = Type.Object({
  dataSize: Type.Optional(Offset),
  memcmp: Type.Optional(
    Type.Object({
      offset: Offset,
      bytes: Type.Union([
        Type.String({ maxLength: 1024 }),
        Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { maxItems: MAX_MEMCMP_BYTES }),
      ]),
      encoding: Type.Optional(Type.Enum(["base58", "base64", "bytes"])),
    }),
  ),
});
export const AccountFilters = Type.Optional(Type.Array(AccountFilter, { maxItems: MAX_FILTERS }));
type Filter = Static<typeof AccountFilter>;

/** A predicate for accounts that pass all filters; errors name `field`. Throws `RpcError`. */
export function accountPredicate(
  filters: readonly Filter[] | undefined,
  field: string,
): (account: Account) => boolean {
  const tests = (filters ?? []).map((filter, index) => testOf(filter, `${field}[${index}]`));
  return (account) => tests.every((test) => test(account));
}

function testOf({ dataSize, memcmp }: Filter, field: string): (account: Account) => boolean {
  if (memcmp !== undefined) {
    const { offset } = memcmp;
    const wanted = memcmpBytes(memcmp.bytes, memcmp.encoding, `${field}.memcmp.bytes`);
    return ({ data }) =>
      offset + wanted.length <= data.length &&
      Buffer.compare(data.subarray(offset, offset + wanted.length), wanted) === 0;
  }
  if (dataSize !== undefined) return ({ data }) => data.length === dataSize;
  throw invalidParam(field, "must have `memcmp` or `dataSize`");
}

function memcmpBytes(
  bytes: string | readonly number[],
  encoding: string | undefined,
  field: string,
): Uint8Array {
  if (typeof bytes !== "string") return Uint8Array.from(bytes);
  const decoded = encoding === "base64" ? Buffer.from(bytes, "base64") : bs58.decodeUnsafe(bytes);
  if (decoded === undefined) throw invalidParam(field, "is not base58");
  if (decoded.length > MAX_MEMCMP_BYTES)
    throw invalidParam(
      field,
      `has ${decoded.length} bytes; at most ${MAX_MEMCMP_BYTES} are compared`,
    );
  return decoded;
}
