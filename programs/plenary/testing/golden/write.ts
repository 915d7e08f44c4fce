import { writeFileSync } from "node:fs";
import {
  decodeDispute,
  decodeEquivocation,
  decodeFederation,
  decodeMember,
  decodeRound,
} from "@plenary/chain";
import { goldenAccounts, goldenDispute } from "./accounts.ts";
import { plainFields } from "./fields.ts";

/*
 * Writes test/vectors/accounts/. Run it once when an account's layout gets a new version. Files of
 * older versions stay, because such accounts are still on chain. `accounts.json` is what the client
 * reads from every version.
 */

const folder = new URL("../../../../test/vectors/accounts/", import.meta.url);
const { scenario, federation, member, round } = goldenAccounts();
const disputed = goldenDispute();
const { address: dispute } = disputed.dispute;
const { equivocation } = disputed;
const decoded = {
  federation: plainFields(decodeFederation(federation, scenario.bytes(federation))),
  member: plainFields(decodeMember(member, scenario.bytes(member))),
  round: plainFields(decodeRound(round, scenario.bytes(round))),
  dispute: plainFields(decodeDispute(dispute, disputed.scenario.bytes(dispute))),
  equivocation: plainFields(
    decodeEquivocation(equivocation, disputed.scenario.bytes(equivocation)),
  ),
};
writeFileSync(new URL("federation-v2.bin", folder), scenario.bytes(federation));
writeFileSync(new URL("round-v2.bin", folder), scenario.bytes(round));
writeFileSync(new URL("accounts.json", folder), `${JSON.stringify(decoded, null, 1)}\n`);
