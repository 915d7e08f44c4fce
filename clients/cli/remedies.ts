import type { PlenaryError } from "@plenary/protocol";
import type { AnswersProblem, Remedy } from "@plenary/sdk";

/** How the command does what an error of the SDK asks for. */
const REMEDIES: Readonly<Record<Remedy, string>> = {
  "ask-development-chain": "On a development chain: plenary airdrop.",
  "check-answers": "All of them: plenary data check FILE.",
  "dispute-round": "The command is plenary verify NUMBER --dispute.",
  "give-keypair": "Give --keypair FILE.",
  "ignore-column": "The option is --ignore-column NAME.",
  "ignore-others":
    "Say --ignore-column NAME, --question NAME, or --ignore-others for all that nothing names.",
  "label-codes":
    "Give labels with --mapping FILE, or say --keep-codes COLUMN where numbers are the answers.",
  "leave-federation": "The command is plenary leave.",
  "make-keypair": "Make one with plenary keygen FILE, or with solana-keygen new.",
  "map-question": "Give its id with --mapping FILE, or say --ignore-column NAME.",
  "merge-look-alikes": "If so, say --merge-look-alikes.",
  "name-bytes": "Give --service URL, or --blobs URL or FOLDER.",
  "name-delimiter": "Say --delimiter comma, semicolon or tab.",
  "name-encoding": "The option is --encoding NAME.",
  "name-federation": "Give --federation ADDRESS.",
  "name-groups": "Say --group COLUMN[,COLUMN], or --group-name NAME for all rows.",
  "name-header-line": "Say --header-line NUMBER.",
  "name-measure":
    "Say --count, --weight, --share or --weighted-count COLUMN, or --ignore-column COLUMN.",
  "name-missing": "Say --missing VALUE[,VALUE].",
  "name-payout-account": "The command is plenary payout ACCOUNT.",
  "name-respondents": "Say --respondents NUMBER or COLUMN.",
  "name-sheet": "Say --sheet NAME.",
  "rotate-key": "The command is plenary rotate-key.",
  "sum-duplicates": "If so, say --sum-duplicates.",
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
