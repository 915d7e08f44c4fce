import { mkdirSync, writeFileSync } from "node:fs";
import { decodeFederation, decodeMember, decodeRound } from "@plenary/chain";
import { goldenAccounts } from "./golden.ts";
import { plainFields } from "./golden-fields.ts";

/*
 * Writes test/vectors/accounts/: run it once when an account's layout gets a new version, and name the new files after
 * that version. Files of older versions stay, since accounts of that layout stay on chain.
 */

const folder = new URL("../../../test/vectors/accounts/", import.meta.url);
mkdirSync(folder, { recursive: true });
const { scenario, federation, member, round } = goldenAccounts();
const decoded = {
  federation: plainFields(decodeFederation(federation, scenario.bytes(federation))),
  member: plainFields(decodeMember(member, scenario.bytes(member))),
  round: plainFields(decodeRound(round, scenario.bytes(round))),
};
writeFileSync(new URL("federation-v1.bin", folder), scenario.bytes(federation));
writeFileSync(new URL("member-v1.bin", folder), scenario.bytes(member));
writeFileSync(new URL("round-v1.bin", folder), scenario.bytes(round));
writeFileSync(new URL("accounts-v1.json", folder), `${JSON.stringify(decoded, null, 1)}\n`);
