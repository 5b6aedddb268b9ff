import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { capabilities } from '@zc/io';
import { ENVIRONMENTS } from '../rivals/environments.js';
import { whatEnvironmentLacks } from './environments.js';
import { dataFolder, pythonInterpreter, script } from './folders.js';

/** What a reader needs to know of the machine to judge the figures; null is what could not be found out. */
export function describeMachine(): Record<string, unknown> {
  const { direct: _, ...io } = capabilities(dataFolder());
  const mount = mountOf(dataFolder());
  return {
    kernel: release(),
    cpu: cpus()[0]?.model ?? null,
    cores: cpus().length,
    hypervisor: lscpu('Hypervisor vendor') ?? 'none',
    governor: textOf('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    last_level_cache: lscpu('L3 cache') ?? null,
    numa_nodes: Number(lscpu('NUMA node(s)') ?? 1),
    memory_gb: Math.round(totalmem() / 1e9),
    huge_pages: textOf('/sys/kernel/mm/transparent_hugepage/enabled'),
    filesystem: mount?.fstype ?? null,
    mount_options: mount?.options ?? null,
    device: mount ? describeDevice(mount.source) : null,
    io,
    hardware_counters: hardwareCounters(),
    node: process.version,
    python: firstLine(pythonInterpreter(), '--version'),
    torch: firstLine(pythonInterpreter(), '-c', 'import torch; print(torch.__version__)'),
    numpy: firstLine(pythonInterpreter(), '-c', 'import numpy; print(numpy.__version__)'),
    fio: firstLine('fio', '--version'),
    rivals: { ...npmRivals(), ...pythonRivals() },
  };
}

function mountOf(folder: string): { source: string; fstype: string; options: string } | undefined {
  const found = firstLine(
    'findmnt',
    '--noheadings',
    '--raw',
    '--output',
    'SOURCE,FSTYPE,OPTIONS',
    '--target',
    folder,
  );
  const [source, fstype, options] = found?.split(' ') ?? [];
  return source && fstype && options ? { source, fstype, options } : undefined;
}

/** The disk that a partition is on, with what the kernel does to its requests. */
function describeDevice(source: string): Record<string, unknown> | null {
  const node = join('/sys/class/block', basename(source));
  if (!existsSync(node)) return { name: source };
  const real = realpathSync(node);
  const disk = existsSync(join(real, 'queue')) ? real : dirname(real);
  return {
    name: basename(disk),
    model: textOf(join(disk, 'device/model')),
    rotational: textOf(join(disk, 'queue/rotational')) === '1',
    scheduler: /\[(.+)\]/.exec(textOf(join(disk, 'queue/scheduler')) ?? '')?.[1] ?? null,
    read_ahead_kb: Number(textOf(join(disk, 'queue/read_ahead_kb'))),
    requests: Number(textOf(join(disk, 'queue/nr_requests'))),
  };
}

/** Whether cycles and cache misses can be counted, or why not. */
function hardwareCounters(): string {
  const { error, stderr } = spawnSync('perf', ['stat', '-e', 'cycles', 'true'], { encoding: 'utf8' });
  if (error) return 'unknown: perf is not installed';
  return /<not (supported|counted)>|No permission/.test(stderr) ? 'none' : 'there';
}

/** Versions of the packages that rivals in Node are, as they are installed. */
function npmRivals(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(script('package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const names = ['apache-arrow', 'hyparquet', 'lmdb'].filter((name) => name in dependencies);
  const installed = names.flatMap((name) => {
    const text = textOf(script(`node_modules/${name}/package.json`));
    return text === null ? [] : [[name, (JSON.parse(text) as { version: string }).version]];
  });
  return Object.fromEntries(installed);
}

/** What is installed in each environment that is there. */
function pythonRivals(): Record<string, string> {
  const there = Object.entries(ENVIRONMENTS).filter(([name]) => whatEnvironmentLacks(name) === undefined);
  return Object.fromEntries(
    there.map(([name, { installs }]) => [
      `environment ${name}`,
      installs
        .flat()
        .filter((word) => !word.startsWith('-'))
        .join(' '),
    ]),
  );
}

function lscpu(field: string): string | undefined {
  const { stdout } = spawnSync('lscpu', { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return stdout
    ?.split('\n')
    .find((line) => line.startsWith(`${field}:`))
    ?.slice(field.length + 1)
    .trim();
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function firstLine(command: string, ...args: string[]): string | null {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    )[0]!;
  } catch {
    return null;
  }
}
