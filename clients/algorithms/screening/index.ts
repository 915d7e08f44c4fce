export { admitEnvelope, type RoundIdentity } from "./admission.ts";
export {
  decodeUpdate,
  type Screened,
  type ScreeningInput,
  screenUpdate,
  type UpdateBytes,
} from "./screen-update.ts";
