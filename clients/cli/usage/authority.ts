import { type Command, Option } from "commander";
import { deposit, withdraw as withdrawBond } from "../commands/bond.ts";
import {
  accept,
  admit,
  closeObsolete,
  fund,
  grant,
  pause,
  propose,
  type TermsFlags,
  terms,
  withdraw,
} from "../commands/governance.ts";
import { ALL, amount, integer, positive, type Runs, tokens, withSettings } from "./settings.ts";

/** Commands of the authority. With --federation they need no service. */
export function authorityCommands(federation: Command, runs: Runs): void {
  withSettings(federation.command("propose-authority <address>"), ALL)
    .description("offer the authority to another key; `none` withdraws the offer")
    .action(runs((session, address: string) => propose(session, address)));
  withSettings(federation.command("accept-authority"), ALL)
    .description("take the authority that was offered to this keypair")
    .action(runs((session) => accept(session)));
  withSettings(federation.command("admit"), ALL)
    .description(
      "admit an owner where members need approval: write a file for `plenary join --admission`",
    )
    .argument("<owner>", "address of the key that will own the membership")
    .argument("<file>", "where to write the admission")
    .option("--days <n>", "how long the admission can be used", positive, 7)
    .action(
      runs((session, owner: string, file: string, flags: { days: number }) =>
        admit(session, owner, file, flags),
      ),
    );
  withSettings(federation.command("pause"), ALL)
    .description(
      "stop new rounds and members, on chain and at the service; claims and withdrawals continue",
    )
    .action(runs((session) => pause(session, true)));
  withSettings(federation.command("resume"), ALL)
    .description("let rounds and members in again")
    .action(runs((session) => pause(session, false)));
  withSettings(federation.command("fund"), ALL)
    .description("add rewards to the vault; anyone may")
    .argument("<amount>", "in tokens", tokens)
    .action(runs((session, amount: string) => fund(session, amount)));
  withSettings(federation.command("grant"), ALL)
    .description("give an owner tokens for its stake, with the key that may mint them")
    .argument("<owner>", "key that owns or will own the membership: its address or keypair file")
    .argument("<amount>", "in tokens", tokens)
    .action(runs((session, owner: string, amount: string) => grant(session, owner, amount)));
  withSettings(federation.command("withdraw"), ALL)
    .description("take out of the vault what is neither earned, promised nor reserved")
    .argument("[amount]", "in tokens; all of it by default", tokens)
    .action(runs((session, amount: string | undefined) => withdraw(session, amount)));
  withSettings(federation.command("close-rounds"), ALL)
    .description("close obsolete rounds for their rent; afterwards no one can verify them")
    .argument("<before>", "number of the first round to keep", amount)
    .action(runs((session, before: bigint) => closeObsolete(session, before)));
  withSettings(federation.command("terms"), ALL)
    .description("change terms between rounds; terms that are not given stay as they are")
    .option("--stake <tokens>", "what a member stakes", tokens)
    .option("--bond <tokens>", "what the aggregator posts", tokens)
    .option(
      "--challenge-window <seconds>",
      "between a round's commitment and its finality",
      integer,
    )
    .option("--exit-cooldown <seconds>", "between a member's exit and its stake", integer)
    .option(
      "--aggregator <address>",
      "key of another service, once the present one has withdrawn its bond",
    )
    .addOption(
      new Option(
        "--members <policy>",
        "owners that may join: all, or those that the authority approves",
      ).choices(["open", "approved"]),
    )
    .action(runs((session, flags: TermsFlags) => terms(session, flags)));
}

/** Commands for the operator of a service. */
export function bondCommands(program: Command, runs: Runs): void {
  const bond = program
    .command("bond")
    .description("for the operator of a service: what it forfeits for a wrong round");
  withSettings(bond.command("deposit"), ALL)
    .description("add to the aggregator's bond; without the minimum bond no round opens")
    .argument("[amount]", "in tokens; by default what the minimum lacks", tokens)
    .action(runs((session, amount: string | undefined) => deposit(session, amount)));
  withSettings(bond.command("withdraw"), ALL)
    .description("pay the bond back to the aggregator, once every round is final or void")
    .argument("[amount]", "in tokens; all of it by default", tokens)
    .action(runs((session, amount: string | undefined) => withdrawBond(session, amount)));
}
