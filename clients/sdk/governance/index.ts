export {
  type AuthorityChange,
  acceptAuthority,
  proposeAuthority,
  requireAuthority,
} from "./authority.ts";
export { type BondChange, depositBond, withdrawBond } from "./bond.ts";
export { type Extended, extendFederation } from "./extend.ts";
export { type Granted, grantTokens } from "./grant.ts";
export { type AdmitOwner, admitOwner, ownerAdmissionMessage } from "./owner-admission.ts";
export { type Paused, pauseFederation, resumeFederation, setServicePaused } from "./pause.ts";
export { type ClosedRounds, closeRounds } from "./rounds.ts";
export { type TermsChange, type TermsUpdated, updateTerms } from "./terms.ts";
export { fundVault, type VaultChange, withdrawVault } from "./vault.ts";
