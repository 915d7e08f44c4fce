import { openService, type Service } from "../../processes/service.ts";
import { nodeFiles } from "../../store/blobs/index.ts";
import { followFaultPlan } from "./faults.ts";
import { faultyContext, faultyFetch, faultyFiles } from "./faulty.ts";

/** Opens a service that breaks where the plan in the file `path` says so. */
export function breakingServiceOf(path: string): typeof openService {
  return async (config, log, settings): Promise<Service> => {
    const faults = followFaultPlan(path);
    const machine = { files: faultyFiles(nodeFiles, faults), fetch: faultyFetch(faults) };
    const service = await openService(config, log, { ...settings, machine });
    return { ...service, context: faultyContext(service.context, faults) };
  };
}
