import { PlenaryError, toHex } from "@plenary/protocol";
import {
  exportModel,
  type ModelFormat,
  readModel,
  type WhichModel,
  writeDurably,
} from "@plenary/sdk";
import { openConfigured, type Session } from "../session.ts";

/** Options that say which model a command takes. */
export interface ModelFlags {
  readonly round?: bigint;
  readonly last?: boolean;
}

export interface ExportFlags extends ModelFlags {
  readonly format?: ModelFormat;
}

/** `plenary export FILE` */
export async function exportCommand(
  session: Session,
  file: string,
  flags: ExportFlags,
): Promise<void> {
  const format = flags.format ?? formatOf(file);
  const which = whichModel(flags);
  const federation = await openConfigured(session);
  const { model, root, round, why } = await readModel(federation, which, session.signal);
  const bytes = exportModel(federation, model, format);
  await writeDurably(file, bytes, 0o644);
  session.output.say(
    "exported",
    `${file}: ${format}, ${bytes.length} bytes, model ${toHex(root)} ${roundText(round, why)}`,
    { file, format, bytes: bytes.length, root, round, why },
  );
}

/** Which model the options name; the chosen round's by default. */
export function whichModel({ round, last }: ModelFlags): WhichModel {
  if (round !== undefined && last === true)
    throw new PlenaryError("invalid-input", "Give --round or --last, not both.", {
      field: "round",
    });
  return round ?? (last === true ? "last" : "chosen");
}

/** Which round a model is from, and why. */
export function roundText(round: bigint, why: string): string {
  return `after round ${round} (${why})`;
}

function formatOf(file: string): ModelFormat {
  if (file.endsWith(".onnx")) return "onnx";
  if (file.endsWith(".safetensors")) return "safetensors";
  throw new PlenaryError(
    "invalid-input",
    `${file} ends neither in .onnx nor in .safetensors: say --format.`,
    { field: "format" },
  );
}
