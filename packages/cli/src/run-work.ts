import type { DatasetProgress, DatasetWork } from '@zc/convert';
import { exitCode } from './exit-code.js';
import { Interrupt } from './interrupt.js';
import type { Output } from './output.js';
import { ProgressBar } from './progress-bar.js';
import { formatCount } from './units.js';

/**
 * Runs a piece of work on datasets with a bar, and ends it cleanly on Ctrl-C.
 *
 * @param show says what came of it; it may give another exit code than 0
 */
export async function runWork<T>(
  talk: Output,
  run: (work: DatasetWork) => Promise<T>,
  show: (result: T) => number | undefined,
): Promise<number> {
  using interrupt = new Interrupt();
  let result: T;
  try {
    using bar = new ProgressBar(talk);
    const onProgress = (progress: DatasetProgress) => bar.update(shown(progress));
    result = await run({ signal: interrupt.signal, onProgress });
  } catch (error) {
    if (interrupt.exitCode === undefined) throw error;
    talk.say('Interrupted; nothing was changed.');
    return interrupt.exitCode;
  }
  return show(result) ?? exitCode.ok;
}

function shown({ samples, samplesTotal, bytes, bytesTotal }: DatasetProgress) {
  const counted = `${formatCount(samples)}/${formatCount(samplesTotal)} rows`;
  return { done: bytes, total: bytesTotal, counted, bytes };
}
