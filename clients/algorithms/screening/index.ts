export { checkEnvelope, type RoundIdentity } from "./check-envelope.ts";
export {
  decodeUpdate,
  type Screened,
  type ScreeningInput,
  screenUpdate,
  type UpdateBytes,
} from "./screen-update.ts";
