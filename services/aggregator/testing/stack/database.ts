import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase, openHome, Ports, Supervisor } from "@plenary/stack";
import { opened } from "../../../../testing/index.ts";

/** A PostgreSQL of the test's own. */
export interface TestDatabase {
  readonly url: string;
  /** SIGKILL; the supervisor starts it again. */
  kill(): void;
  stop(): Promise<void>;
}

/** Starts PostgreSQL with its data in `folder`. */
export async function startDatabase(folder: string): Promise<TestDatabase> {
  const home = await openHome(folder);
  const supervisor = new Supervisor(home, () => {});
  const stop = opened(async () => {
    await supervisor.stop();
    home.close();
  });
  const url = await openDatabase({
    url: undefined,
    home,
    supervisor,
    ports: new Ports(),
    log: () => {},
  });
  return {
    url,
    kill() {
      const file = join(folder, "postgres", "data", "postmaster.pid");
      const [pid] = readFileSync(file, "utf8").split("\n");
      process.kill(Number(pid), "SIGKILL");
    },
    stop,
  };
}
