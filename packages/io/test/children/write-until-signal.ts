import { FileWriter } from '../../src/index.js';

/** Writes until it has sent itself a signal. */
const [path, backend, signal] = process.argv.slice(2) as [
  string,
  'io_uring' | 'threads',
  'SIGINT' | 'SIGKILL',
];
const writer = new FileWriter(path, { backend });
const block = new Uint8Array(2 ** 20).fill(7);
for (let i = 0; ; i++) {
  await writer.append(block);
  if (i === 20) process.kill(process.pid, signal);
}
