import { readFileSync } from "node:fs";
import bs58 from "bs58";
import { LocalnetError, systemErrorCode } from "../errors.ts";
import type { VirtualMachine } from "./virtual-machine.ts";

/**
 * A program that the chain has from the start. `address` in base58, `path` names its ELF file.
 */
export interface GenesisProgram {
  readonly address: string;
  readonly path: string;
}

const ELF_MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
/**
 * Offsets in the upgradeable loader's accounts: of the code's address, and of the code itself.
 */
const PROGRAM_DATA_ADDRESS = 4;
const PROGRAM_DATA_HEADER = 45;

/**
 * Deploys each program that the chain lacks or has in another version, so that a rebuilt program
 * serves the accounts of an existing ledger. Returns the addresses of the deployed programs.
 * Throws `program-unreadable`.
 */
export function deployPrograms(
  machine: VirtualMachine,
  programs: readonly GenesisProgram[],
): string[] {
  return programs
    .filter(({ address, path }) => {
      const elf = readProgram(address, path);
      const id = bs58.decode(address);
      if (Buffer.compare(deployedCode(machine, id), elf) === 0) return false;
      machine.addProgram(id, elf);
      return true;
    })
    .map(({ address }) => address);
}

function readProgram(address: string, path: string): Buffer {
  let elf: Buffer;
  try {
    elf = readFileSync(path);
  } catch (cause) {
    const reason = systemErrorCode(cause) ?? String(cause);
    throw new LocalnetError(
      "program-unreadable",
      `Cannot read the program ${address} from ${path} (${reason}): build it, or correct PLENARY_LOCALNET_PROGRAMS.`,
      { address, path },
      { cause },
    );
  }
  if (Buffer.compare(elf.subarray(0, ELF_MAGIC.length), ELF_MAGIC) !== 0)
    throw new LocalnetError(
      "program-unreadable",
      `${path}, given for the program ${address}, is not a compiled program (ELF file): build it again.`,
      { address, path },
    );
  return elf;
}

function deployedCode(machine: VirtualMachine, address: Uint8Array): Uint8Array {
  const program = machine.account(address);
  if (program === null) return new Uint8Array();
  const dataAddress = program.data.subarray(PROGRAM_DATA_ADDRESS, PROGRAM_DATA_ADDRESS + 32);
  if (dataAddress.length < 32) return new Uint8Array();
  return machine.account(dataAddress)?.data.subarray(PROGRAM_DATA_HEADER) ?? new Uint8Array();
}
