import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isZcError } from '@zc/errors';
import { type Capabilities, capabilities, type DirectCapability } from '@zc/io';
import type { Command } from 'commander';
import { exitCode } from '../exit-code.js';
import { Output } from '../output.js';
import { formatBytes } from '../units.js';

/** What was found about one thing: it works, it works less well than it could, or it does not work. */
interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do; there unless all is well. */
  readonly advice?: string | undefined;
}

const NODE_OLDEST = [20, 19] as const;
/** Kernels before 5.12 count a ring against the limit of locked memory; ours take some tens of kilobytes. */
const MEMLOCK_WANTED_BYTES = 256 * 2 ** 10;

/** `zc doctor`: what this machine allows, and what to do where it is less than it could be. */
export function addDoctor(program: Command, end: (code: number) => void): Command {
  return program
    .command('doctor')
    .summary('say what works on this machine, and what to do where something does not')
    .description('Tries what reading needs: Node, the native addon, io_uring, locked memory, direct I/O.')
    .argument('[path]', 'a file or directory of the filesystem that data lies on', '.')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nExample:\n  $ zc doctor data')
    .action((path: string, options: { json?: boolean }) => {
      const output = new Output(options);
      const findings = examine(path);
      if (output.json) output.document({ path, findings });
      else for (const finding of findings) printFinding(finding, output);
      end(findings.some(({ status }) => status === 'fail') ? exitCode.found : exitCode.ok);
    });
}

function examine(path: string): Finding[] {
  const node = examineNode();
  let machine: Capabilities;
  try {
    machine = capabilitiesOf(path);
  } catch (error) {
    if (!isZcError(error)) throw error;
    const name = error.code === 'ZC_IO_OPEN' ? 'path' : 'addon';
    return [node, { name, status: 'fail', found: error.summary, advice: error.advice }];
  }
  const { kernel, ioUring, crc32c, memlockBytes, filesystem, direct } = machine;
  return [
    node,
    { name: 'addon', status: 'ok', found: `the native core is loaded; CRC32C by ${crc32c}` },
    { name: 'kernel', status: 'ok', found: `Linux ${kernel}` },
    {
      name: 'io_uring',
      status: ioUring.ok ? 'ok' : 'warn',
      found: ioUring.ok
        ? 'works'
        : `refused (${withoutFullStop(ioUring.reason)}); a pool of threads reads instead`,
      advice: ioUring.advice,
    },
    examineMemlock(memlockBytes),
    { name: 'filesystem', status: 'ok', found: filesystem ?? 'unknown' },
    ...(direct ? [examineDirect(direct)] : []),
  ];
}

/** Whether direct I/O works can only be seen on a file; a directory gets one for the moment. */
function capabilitiesOf(path: string): Capabilities {
  const probe = join(path, `.zc-doctor-${process.pid}`);
  try {
    if (!statSync(path).isDirectory()) return capabilities(path);
    writeFileSync(probe, new Uint8Array(4096), { flag: 'wx' });
  } catch {
    // It is not there, or nothing can be written to it; what can be said without a file is said.
    return capabilities(path);
  }
  try {
    return capabilities(probe);
  } finally {
    rmSync(probe, { force: true });
  }
}

function examineNode(): Finding {
  const { version } = process;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const old = major < NODE_OLDEST[0] || (major === NODE_OLDEST[0] && minor < NODE_OLDEST[1]);
  if (!old) return { name: 'node', status: 'ok', found: `${version} on ${process.platform}-${process.arch}` };
  return {
    name: 'node',
    status: 'fail',
    found: version,
    advice: `Install Node ${NODE_OLDEST.join('.')} or newer.`,
  };
}

function examineMemlock(bytes: number): Finding {
  if (bytes >= MEMLOCK_WANTED_BYTES) {
    return {
      name: 'memlock',
      status: 'ok',
      found: Number.isFinite(bytes) ? formatBytes(bytes) : 'unlimited',
    };
  }
  return {
    name: 'memlock',
    status: 'warn',
    found: `${formatBytes(bytes)}: kernels before 5.12 may refuse a ring for it`,
    advice: 'Raise it: ulimit -l 1024, or LimitMEMLOCK=1M in a systemd unit.',
  };
}

function examineDirect(direct: DirectCapability): Finding {
  if (direct.ok) {
    const { offsetAlignmentBytes, memoryAlignmentBytes } = direct;
    const found = `works; offsets aligned to ${offsetAlignmentBytes}, memory to ${memoryAlignmentBytes} bytes`;
    return { name: 'O_DIRECT', status: 'ok', found };
  }
  return {
    name: 'O_DIRECT',
    status: 'warn',
    found: `refused (${withoutFullStop(direct.reason)}); reads go through the page cache`,
    advice:
      direct.advice ?? 'Keep data on a local filesystem such as ext4 or XFS to read past the page cache.',
  };
}

const STYLES = { ok: 'good', warn: 'warning', fail: 'bad' } as const;

function printFinding(finding: Finding, output: Output): void {
  const { name, status, found, advice } = finding;
  const shown = output.styled(STYLES[status], status.padEnd(4));
  output.line(`${shown}  ${name.padEnd(10)}  ${found}`);
  if (advice !== undefined) output.line(`${' '.repeat(18)}→ ${advice}`);
}

function withoutFullStop(sentence = 'no reason given'): string {
  return sentence.replace(/\.$/, '');
}
