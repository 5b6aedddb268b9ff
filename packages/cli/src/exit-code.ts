import { constants } from 'node:os';
import { isZcError, type ZcErrorCode } from '@zc/errors';

/** What a process of `zc` ends with; from 65 on as sysexits.h(3head) has it. Scripts rely on these. */
export const exitCode = {
  ok: 0,
  /** What was looked for was found: damage, a difference, something that cannot work here. */
  found: 1,
  /** The command line could not be understood, or asks for what is not there. */
  usage: 2,
  /** The input cannot be used: it is not what it is said to be, or does not fit. */
  data: 65,
  /** The input is not there, or this user may not read it. */
  noInput: 66,
  /** This machine or installation lacks what it takes. */
  unavailable: 69,
  /** A mistake in `zc` itself. */
  internal: 70,
  /** The output is there already. */
  exists: 73,
  /** The system could not read or write. */
  io: 74,
  /** Not now: another one is writing, the disk is full, memory is short. */
  later: 75,
  /** Ended by Ctrl-C (SIGINT). */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

export const exitCodeHelp = `
Exit codes:
  0    done, nothing wrong found
  1    looked and found: damage, a difference, something that cannot work here
  2    the command line could not be understood, or names what is not there
  65   the input cannot be used as what it is said to be
  66   the input is not there, or may not be read
  69   this machine or installation lacks what it takes
  70   a mistake in zc itself
  73   the output is there already
  74   the system could not read or write
  75   not now: another one is writing, the disk is full, memory is short
  130  interrupted by Ctrl-C (143 by SIGTERM); nothing half-done is published`;

/** Codes of errors by their causes; those of a family that are not listed are the family's. */
const causes: Partial<Record<ZcErrorCode, number>> = {
  ZC_ARGUMENT: exitCode.usage,
  ZC_INDEX_RANGE: exitCode.usage,
  ZC_FORMAT_CHECKSUM: exitCode.found,
  ZC_FORMAT_TRUNCATED: exitCode.found,
  ZC_FORMAT_HEAD: exitCode.found,
  ZC_FORMAT_FOOTER: exitCode.found,
  ZC_FORMAT_TABLE: exitCode.found,
  ZC_IO_CHECKSUM: exitCode.found,
  ZC_FORMAT_BUSY: exitCode.later,
  ZC_IO_MEMORY: exitCode.later,
  ZC_MEMORY_BUDGET: exitCode.later,
  ZC_IO_OPEN: exitCode.noInput,
  ZC_IO_EXISTS: exitCode.exists,
  ZC_IO_NO_ADDON: exitCode.unavailable,
  ZC_IO_UNSUPPORTED_PLATFORM: exitCode.unavailable,
  ZC_IO_RING_REFUSED: exitCode.unavailable,
  ZC_FORMAT_CODEC: exitCode.unavailable,
  ZC_INTERNAL: exitCode.internal,
};

const families: readonly (readonly [string, number])[] = [
  ['ZC_FORMAT_', exitCode.data],
  ['ZC_CONVERT_', exitCode.data],
  ['ZC_IO_', exitCode.io],
];

/** The exit code that an error ends the process with. */
export function exitCodeOf(error: unknown): number {
  if (!isZcError(error)) return exitCode.internal;
  if (isFull(error)) return exitCode.later;
  const family = families.find(([prefix]) => error.code.startsWith(prefix));
  return causes[error.code] ?? family?.[1] ?? exitCode.internal;
}

/** Node names the errors of the system, the native engine numbers them. */
const fullDisk: readonly unknown[] = ['ENOSPC', 'EDQUOT', constants.errno.ENOSPC, constants.errno.EDQUOT];

function isFull(error: { readonly details: Readonly<Record<string, unknown>> }): boolean {
  return fullDisk.includes(error.details.errno);
}
