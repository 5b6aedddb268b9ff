import { ZcError, type ZcErrorCode } from '@zc/errors';

const wordsOfErrno: Record<string, string> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
  EEXIST: 'it is there already',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file would be larger than allowed',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
};

/** Puts a file system's error into words; `what` is what was being done, for example `opening the file`. */
export function systemError(code: ZcErrorCode, what: string, path: string, cause: unknown): ZcError {
  const { code: errno = 'unknown error', message } = cause as NodeJS.ErrnoException;
  return new ZcError(code, `${what} failed: ${wordsOfErrno[errno] ?? message} (${errno})`, {
    path,
    errno,
    cause,
  });
}

/** Whether a file system's error has one of the given names. */
export function hasErrno(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && 'code' in error && names.includes(String(error.code));
}
