import type { Command } from "commander";

/**
 * An example for every command, by its full name. Where it does not name service, node or
 * federation, the environment does. A test asks for all of them and parses each.
 */
export const EXAMPLES: Readonly<Record<string, string>> = {
  keygen: "keygen organisation.json",
  airdrop: "airdrop --keypair organisation.json --sol 2",
  "federation create":
    "federation create --dataset survey.json --keypair authority.json --aggregator aggregator.json",
  "federation extend": "federation extend --rounds 10 --keypair authority.json",
  "federation propose-authority":
    "federation propose-authority 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin --keypair authority.json",
  "federation accept-authority": "federation accept-authority --keypair heir.json",
  "federation admit":
    "federation admit 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin admission.json --days 14 --keypair authority.json",
  "federation pause": "federation pause --keypair authority.json",
  "federation resume": "federation resume --keypair authority.json",
  "federation fund": "federation fund 2500 --keypair authority.json",
  "federation grant":
    "federation grant 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin 10 --keypair authority.json",
  "federation withdraw": "federation withdraw 12.5 --keypair authority.json",
  "federation close-rounds": "federation close-rounds 100 --keypair authority.json",
  "federation terms": "federation terms --stake 5 --exit-cooldown 86400 --keypair authority.json",
  "bond deposit": "bond deposit --keypair aggregator.json",
  "bond withdraw": "bond withdraw 100 --keypair aggregator.json",
  join: "join --keypair organisation.json --data answers.csv",
  train: "train --keypair organisation.json --data answers.csv --state ./organisation --rounds 5",
  status: "status --keypair organisation.json",
  claim: "claim --keypair organisation.json",
  "rotate-key": "rotate-key new.json --keypair organisation.json",
  payout: "payout 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin --keypair organisation.json",
  leave: "leave --keypair organisation.json",
  withdraw: "withdraw --keypair organisation.json",
  "close-member": "close-member --keypair organisation.json",
  export: "export model.onnx",
  predict: "predict --data some-answers.csv --questions economy,housing",
  "questions list": "questions list --added",
  "questions suggest": "questions suggest --data answers.csv --question housing-2027",
  "questions add": "questions add new.json --embedder minilm --keypair authority.json",
  "questions sign": "questions sign --keypair heir.json",
  "verify-claim": "verify-claim --keypair organisation.json",
  verify: "verify 7",
  watch: "watch --state ./watch --keypair challenger.json --dispute",
  "data check": "data check answers.csv --dataset us-opinion",
  "data import":
    "data import wave3.csv --group party,age --bins age=18,30,50,65 --weight wt --missing refused,98,99 --ignore-column id --output answers.csv --questions questions.json",
  "dataset create":
    "dataset create ./survey --questions questions.json --held-out answers.csv --unseen north,south --embedder minilm --title 'A survey'",
  "dataset check": "dataset check ./survey",
  "audit drawn": "audit drawn 7",
  "audit export":
    "audit export seven.bundle --round 7 --keypair organisation.json --data answers.csv --state ./organisation",
  "audit run": "audit run seven.bundle --keypair auditor.json",
  "audit refused":
    "audit refused 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin --round 7 --keypair auditor.json",
  "prove-omission":
    "prove-omission 7 omission.json --state ./organisation --keypair organisation.json --submit",
  "check-omission": "check-omission omission.json --rpc http://127.0.0.1:8899",
  "report-equivocation":
    "report-equivocation two-updates.json --rpc http://127.0.0.1:8899 --keypair reporter.json",
};

/** Shows each command's example below its help. */
export function addExamples(program: Command): void {
  for (const [name, command] of leavesOf(program)) {
    const example = EXAMPLES[name];
    if (example !== undefined)
      command.addHelpText("after", `\nExample:\n  $ ${program.name()} ${example}`);
  }
}

/** The commands that do something, by their full names. */
export function leavesOf(command: Command, before = ""): [string, Command][] {
  return command.commands.flatMap((child): [string, Command][] => {
    const name = `${before} ${child.name()}`.trim();
    return child.commands.length === 0 ? [[name, child]] : leavesOf(child, name);
  });
}
