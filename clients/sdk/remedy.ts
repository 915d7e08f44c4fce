/**
 * What a user can do about an error, for interfaces that know how it is done there: the field
 * `remedy` of a PlenaryError's context. The message says the same without an interface's words.
 */
export type Remedy =
  | "ask-development-chain"
  | "check-answers"
  | "dispute-round"
  | "give-keypair"
  | "ignore-column"
  | "leave-federation"
  | "make-keypair"
  | "name-bytes"
  | "name-encoding"
  | "name-federation"
  | "name-payout-account"
  | "rotate-key";
