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
  | "ignore-others"
  | "label-codes"
  | "leave-federation"
  | "make-keypair"
  | "map-question"
  | "merge-look-alikes"
  | "name-bytes"
  | "name-delimiter"
  | "name-encoding"
  | "name-federation"
  | "name-groups"
  | "name-header-line"
  | "name-measure"
  | "name-missing"
  | "name-payout-account"
  | "name-respondents"
  | "name-sheet"
  | "rotate-key"
  | "sum-duplicates";
