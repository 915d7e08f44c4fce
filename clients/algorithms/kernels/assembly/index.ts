export { fold, fold4, quotient } from "./fold";
export { apply, momentum } from "./step";
export { maxAbs, squares } from "./norm";
export { encodeInt8, decodeInt8 } from "./int8";
export { hashTagged, rootOfHashes } from "./sha256";

/** First byte behind the tables of the modules above. */
export function heapBase(): usize {
  return __heap_base;
}
