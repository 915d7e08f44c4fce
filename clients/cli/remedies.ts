import type { PlenaryError } from "@plenary/protocol";
import type { AnswersProblem, Remedy } from "@plenary/sdk";

/** How the command does what an error of the SDK asks for. */
const REMEDIES: Readonly<Record<Remedy, string>> = {
  "ask-development-chain": "On a development chain: plenary airdrop.",
  "check-answers": "All of them: plenary data check FILE.",
  "dispute-round": "The command is plenary verify NUMBER --dispute.",
  "give-keypair": "Give --keypair FILE.",
  "ignore-column": "The option is --ignore-column NAME.",
  "leave-federation": "The command is plenary leave.",
  "make-keypair": "Make one with plenary keygen FILE, or with solana-keygen new.",
  "name-bytes": "Give --service URL, or --blobs URL or FOLDER.",
  "name-encoding": "The option is --encoding NAME.",
  "name-federation": "Give --federation ADDRESS.",
  "name-payout-account": "The command is plenary payout ACCOUNT.",
  "rotate-key": "The command is plenary rotate-key.",
};

const NAMES = new Map<unknown, string>(Object.entries(REMEDIES));

/** An error's message, with the command that helps. A refusal by the service names none. */
export function messageOf({ code, message, context }: PlenaryError): string {
  const asked = context.remedy ?? (code === "insufficient-funds" && "ask-development-chain");
  const remedy = "requestId" in context ? undefined : NAMES.get(asked);
  return remedy === undefined ? message : `${message} ${remedy}`;
}

/** A problem's message, with the option that helps. */
export function problemText({ message, remedy }: AnswersProblem): string {
  return remedy === undefined ? message : `${message} ${REMEDIES[remedy]}`;
}
