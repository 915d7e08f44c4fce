import { mkdirSync, writeFileSync } from "node:fs";
import {
  decodeDispute,
  decodeEquivocation,
  decodeFederation,
  decodeMember,
  decodeRound,
} from "@plenary/chain";
import { goldenAccounts, goldenDispute } from "./golden.ts";
import { plainFields } from "./golden-fields.ts";

/*
 * Writes test/vectors/accounts/: run it once when an account's layout gets a new version, and name the new files after
 * that version. Files of older versions stay, since accounts of that layout stay on chain.
 */

const folder = new URL("../../../test/vectors/accounts/", import.meta.url);
mkdirSync(folder, { recursive: true });
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
writeFileSync(new URL("federation-v1.bin", folder), scenario.bytes(federation));
writeFileSync(new URL("member-v1.bin", folder), scenario.bytes(member));
writeFileSync(new URL("round-v1.bin", folder), scenario.bytes(round));
writeFileSync(new URL("dispute-v1.bin", folder), disputed.scenario.bytes(dispute));
writeFileSync(new URL("equivocation-v1.bin", folder), disputed.scenario.bytes(equivocation));
writeFileSync(new URL("accounts-v1.json", folder), `${JSON.stringify(decoded, null, 1)}\n`);
