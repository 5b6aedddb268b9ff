import { constants } from 'node:fs';
import { access, link, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ZcError } from '@zc/errors';
import { openPartial } from '@zc/format/node';

/** Where a file is written until it is complete. */
export interface PartialFile {
  /** In a directory beside the target, of this process alone. */
  readonly path: string;
  /** Gives the file the target's name; its bytes are on the disk already. */
  publish(): Promise<void>;
  /** Removes what is left; after `publish`, only the directory. */
  discard(): Promise<void>;
}

/**
 * Opens a place for a file that appears under its name only when it is complete; what a process that died left there
 * is removed.
 *
 * @throws ZC_IO_EXISTS where the target is there and is not to be replaced, ZC_FORMAT_BUSY, ZC_IO_WRITE
 */
export async function openPartialFile(target: string, options: { overwrite: boolean }): Promise<PartialFile> {
  if (!options.overwrite && (await exists(target))) throw occupied(target);
  const directory = await openPartial(`${target}.export`, { overwrite: false });
  const path = join(directory.path, basename(target));
  return {
    path,
    async publish() {
      try {
        // A link, unlike a renaming, fails where the name was taken meanwhile.
        if (options.overwrite) await rename(path, target);
        else await link(path, target);
        await flushDirectory(dirname(target));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw occupied(target);
        const { message } = cause as Error;
        throw new ZcError('ZC_IO_WRITE', `giving the file its name failed: ${message}`, {
          path: target,
          cause,
        });
      }
    },
    discard: () => directory.discard(),
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function occupied(path: string): ZcError {
  return new ZcError('ZC_IO_EXISTS', 'there is something under this name already', {
    path,
    advice: 'Remove it, name another output, or ask for the file to be replaced (`overwrite`).',
  });
}
