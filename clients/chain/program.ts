import { BorshCoder } from "@coral-xyz/anchor";
import { PublicKey } from "@solana/web3.js";
import { IDL } from "./generated/idl.ts";

/**
 * The address that the committed program declares. Pass another address to every function for a
 * program that is deployed elsewhere.
 */
export const PROGRAM_ID = new PublicKey(IDL.address);

/** Anchor's coder for the program's instructions, accounts and events. Its names are the IDL's. */
export const CODER = new BorshCoder(IDL);
