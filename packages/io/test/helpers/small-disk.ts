import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A filesystem of its own, gone with the end of the block. */
export interface SmallDisk extends Disposable {
  readonly path: string;
}

/** A tmpfs of so many bytes; needs root. */
export function smallTmpfs(sizeBytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'zc-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'zc-test', path]);
  return { path, [Symbol.dispose]: () => unmount(path) };
}

/** An ext4 on a loop device. */
export interface SmallExt4 extends SmallDisk {
  /** Makes the device shorter than the filesystem on it: what lies beyond can no longer be read or written (EIO). */
  cut(sizeBytes: number): void;
  /** Mounts it anew, so that nothing of its files is in the page cache. */
  forgetPages(): void;
}

/** An ext4 of so many bytes; needs root and loop devices. */
export function smallExt4(sizeBytes: number): SmallExt4 {
  const folder = mkdtempSync(join(tmpdir(), 'zc-disk-'));
  const image = join(folder, 'image');
  writeFileSync(image, '');
  truncateSync(image, sizeBytes);
  execFileSync('mkfs.ext4', ['-q', '-F', '-O', '^has_journal', '-E', 'lazy_itable_init=1', image]);
  const device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim();
  const path = mkdtempSync(join(tmpdir(), 'zc-disk-'));
  const removeDevice = () => {
    execFileSync('losetup', ['--detach', device]);
    rmSync(folder, { recursive: true });
  };
  const mount = () => execFileSync('mount', ['-o', 'errors=continue', device, path]);
  try {
    mount();
  } catch (error) {
    rmSync(path, { recursive: true });
    removeDevice();
    throw error;
  }
  return {
    path,
    cut(newSizeBytes) {
      truncateSync(image, newSizeBytes);
      execFileSync('losetup', ['--set-capacity', device]);
    },
    forgetPages() {
      execFileSync('umount', [path]);
      mount();
    },
    [Symbol.dispose]() {
      unmount(path);
      removeDevice();
    },
  };
}

/** Whether this process may mount, and has loop devices. */
export function canMount(): boolean {
  try {
    using _ = smallExt4(2 ** 22);
    return true;
  } catch {
    return false;
  }
}

/** Lazily, for a map of one of its files goes only when its last view was collected. */
function unmount(path: string): void {
  execFileSync('umount', ['--lazy', path]);
  rmSync(path, { recursive: true });
}
