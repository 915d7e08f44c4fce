import { TOKEN_2022_PROGRAM } from "@plenary/chain";
import {
  AccountState,
  createInitializeDefaultAccountStateInstruction,
  createInitializeGroupMemberPointerInstruction,
  createInitializeGroupPointerInstruction,
  createInitializeInterestBearingMintInstruction,
  createInitializeMetadataPointerInstruction,
  createInitializeMint2Instruction,
  createInitializeMintCloseAuthorityInstruction,
  createInitializeNonTransferableMintInstruction,
  createInitializePausableConfigInstruction,
  createInitializePermanentDelegateInstruction,
  createInitializeScaledUiAmountConfigInstruction,
  createInitializeTransferFeeConfigInstruction,
  createInitializeTransferHookInstruction,
  ExtensionType,
  getTypeLen,
} from "@solana/spl-token";
import { type PublicKey, SystemProgram, TransactionInstruction } from "@solana/web3.js";
import { digest, keypairOf, type TestChain } from "./test-chain.ts";
import { DECIMALS } from "./tokens.ts";

/** Initialises one extension of a new mint, with `authority` in every role of the extension. */
type Initialize = (mint: PublicKey, authority: PublicKey) => TransactionInstruction;

const PROGRAM = TOKEN_2022_PROGRAM;
/**
 * Bytes before a mint's extensions (the length of a token account, and the account type), and bytes
 * of the header of each extension.
 */
const BASE_LENGTH = 166;
const HEADER_LENGTH = 4;
/** Bytes of the extension ConfidentialMintBurn, which the token library does not know. */
const CONFIDENTIAL_MINT_BURN = { type: 24, length: 196 } as const;

const initialize = {
  [ExtensionType.TransferFeeConfig]: (mint, authority) =>
    createInitializeTransferFeeConfigInstruction(mint, authority, authority, 1, 1n, PROGRAM),
  [ExtensionType.TransferHook]: (mint, authority) =>
    createInitializeTransferHookInstruction(mint, authority, SystemProgram.programId, PROGRAM),
  [ExtensionType.PermanentDelegate]: (mint, authority) =>
    createInitializePermanentDelegateInstruction(mint, authority, PROGRAM),
  [ExtensionType.NonTransferable]: (mint) =>
    createInitializeNonTransferableMintInstruction(mint, PROGRAM),
  [ExtensionType.DefaultAccountState]: (mint) =>
    createInitializeDefaultAccountStateInstruction(mint, AccountState.Frozen, PROGRAM),
  [ExtensionType.PausableConfig]: (mint, authority) =>
    createInitializePausableConfigInstruction(mint, authority, PROGRAM),
  [ExtensionType.MintCloseAuthority]: (mint, authority) =>
    createInitializeMintCloseAuthorityInstruction(mint, authority, PROGRAM),
  [ExtensionType.InterestBearingConfig]: (mint, authority) =>
    createInitializeInterestBearingMintInstruction(mint, authority, 500, PROGRAM),
  [ExtensionType.ScaledUiAmountConfig]: (mint, authority) =>
    createInitializeScaledUiAmountConfigInstruction(mint, authority, 10, PROGRAM),
  [ExtensionType.MetadataPointer]: (mint, authority) =>
    createInitializeMetadataPointerInstruction(mint, authority, mint, PROGRAM),
  [ExtensionType.GroupPointer]: (mint, authority) =>
    createInitializeGroupPointerInstruction(mint, authority, mint, PROGRAM),
  [ExtensionType.GroupMemberPointer]: (mint, authority) =>
    createInitializeGroupMemberPointerInstruction(mint, authority, mint, PROGRAM),
  // ConfidentialTransferExtension (27), InitializeMint: authority, automatic approval of new
  // accounts, no auditor.
  [ExtensionType.ConfidentialTransferMint]: (mint, authority) =>
    raw(mint, [27, 0, ...authority.toBytes(), 1, ...new Uint8Array(32)]),
  // ConfidentialMintBurnExtension (42), InitializeMint: the supply's key and encrypted amount.
  [CONFIDENTIAL_MINT_BURN.type]: (mint) =>
    raw(mint, [42, 0, ...digest("supply key"), ...new Uint8Array(36)]),
} satisfies Partial<Record<number, Initialize>>;

export type MintExtension = keyof typeof initialize;

/**
 * Creates a Token-2022 mint with extensions. The treasury is its authority in every role and may
 * freeze accounts.
 */
export function createExtendedMint(
  chain: TestChain,
  label: string,
  extensions: readonly MintExtension[],
): PublicKey {
  const treasury = chain.actor("treasury");
  const mint = keypairOf(label);
  const [authority, key] = [treasury.publicKey, mint.publicKey];
  const lengths = extensions.map((extension) => HEADER_LENGTH + lengthOf(extension));
  const space = lengths.reduce((sum, length) => sum + length, BASE_LENGTH);
  const create = SystemProgram.createAccount({
    fromPubkey: authority,
    newAccountPubkey: key,
    lamports: Number(chain.svm.minimumBalanceForRentExemption(BigInt(space))),
    space,
    programId: PROGRAM,
  });
  const instructions = [
    create,
    ...extensions.map((extension) => initialize[extension](key, authority)),
    createInitializeMint2Instruction(key, DECIMALS, authority, authority, PROGRAM),
  ];
  chain.run("mint", instructions, [treasury, mint]);
  return key;
}

function lengthOf(extension: MintExtension): number {
  return extension === CONFIDENTIAL_MINT_BURN.type
    ? CONFIDENTIAL_MINT_BURN.length
    : getTypeLen(extension);
}

function raw(mint: PublicKey, data: readonly number[]): TransactionInstruction {
  const keys = [{ pubkey: mint, isSigner: false, isWritable: true }];
  return new TransactionInstruction({ programId: PROGRAM, keys, data: Buffer.from(data) });
}
