import { resolve } from "node:path";
import { readStackConfig, type StackConfig } from "@plenary/stack";

/** What `npm start` takes from the environment. */
export interface Config {
  /** Folder of all state. */
  readonly home: string;
  /** The folder in which the command was given: relative paths among its options start there. */
  readonly callerFolder: string;
  readonly stack: StackConfig;
}

/**
 * Reads the environment; `root` is the folder of the repository.
 * Throws `option-invalid`, naming the variable that is wrong. An empty variable counts as absent.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  root: string,
): Config {
  return {
    home: resolve(root, environment.PLENARY_HOME || ".plenary"),
    callerFolder: environment.PLENARY_CALLER_FOLDER || root,
    stack: readStackConfig(environment),
  };
}
