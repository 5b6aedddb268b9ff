import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { backends } from './helpers/backends.js';
import { stuckFile } from './helpers/stuck-file.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const folder = temporaryFolder();
const mountable = await stuckFile();
await mountable?.[Symbol.asyncDispose]();
const reason = mountable === undefined ? ' (not run: it needs root and /dev/fuse)' : '';

describe.skipIf(mountable === undefined).each(backends)(`on %s${reason}`, (backend) => {
  test.each(['buffered', 'direct'])(
    'close does not wait for a %s read that never ends, and unmaps nothing under it',
    async (way) => {
      const other = join(folder, 'other');
      writeFileSync(other, Buffer.alloc(65_536, 7));
      await using stuck = await stuckFile();
      const arguments_ = ['--expose-gc', '--import', 'tsx', 'test/children/close-with-stuck-read.ts'];
      const child = spawn(process.execPath, [...arguments_, stuck!.path, backend, way, other], {
        cwd: join(import.meta.dirname, '..'),
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      const exit = once(child, 'close');
      const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const answer = async () => JSON.parse((await said.next()).value ?? 'null');

      await stuck!.asked;
      child.stdin.write('close\n');
      expect(await answer()).toEqual({
        outcome: 'ZC_IO_CLOSED',
        warnings: ['ZC_IO_LEAK'],
        slotsMapped: 1,
        slotsOpen: 1,
        readsAgain: true,
      });
      // The late end of the read, which is an error, harms nobody. Before it the system lets no process end.
      await stuck!.letGo();
      child.stdin.write('end\n');
      expect(await answer()).toEqual({ readsAgain: true });
      expect(await exit).toEqual([0, null]);
    },
  );
});
