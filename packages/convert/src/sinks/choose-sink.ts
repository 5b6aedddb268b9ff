import { ZcError } from '@zc/errors';
import { arrow } from './arrow.js';
import { jsonl } from './jsonl.js';
import { npy } from './npy.js';
import { parquet } from './parquet.js';
import { type SampleSink, type SinkName, sinkNames } from './sample-sink.js';
import { webdataset } from './webdataset.js';

const sinks: Readonly<Record<SinkName, SampleSink>> = { webdataset, parquet, arrow, npy, jsonl };

/**
 * The format that was asked for, or else the one that the output's ending tells; `isFile` says whether the output is
 * one file.
 *
 * @throws ZC_ARGUMENT where neither tells
 */
export function chooseSink(output: string, to: SinkName | undefined): { sink: SampleSink; isFile: boolean } {
  const byEnding = Object.values(sinks).find(
    ({ layout, extension }) => layout === 'file' && output.toLowerCase().endsWith(extension),
  );
  const sink = to === undefined ? byEnding : sinks[to];
  if (sink === undefined) {
    const what = to === undefined ? 'the ending of the output tells no format' : `"${to}" is no format`;
    throw new ZcError('ZC_ARGUMENT', what, {
      path: output,
      advice: `Say which one with \`to\`: ${sinkNames.join(', ')}.`,
    });
  }
  return { sink, isFile: sink === byEnding };
}
