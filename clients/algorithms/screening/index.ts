export { admitEnvelope, type RoundIdentity } from "./admission.ts";
export { type Screened, type ScreeningInput, screenUpdate } from "./screen-update.ts";
