import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import type { Field, TensorField } from '@zc/format';
import { tensorOf } from './elements.js';
import { encodeNpyHeader } from './npy-header.js';
import { OutputFile } from './output-file.js';
import type { OpenedSink, SampleSink } from './sample-sink.js';

/**
 * A folder of `.npy` files, one a field, whose first dimension is the samples: `np.load('image.npy', mmap_mode='r')`.
 *
 * An array has one shape, so fields whose rows differ, texts and bytes are refused.
 */
export const npy: SampleSink = {
  name: 'npy',
  extension: '.npy',
  layout: 'folder',

  check({ fields }) {
    const refused = fields.filter((field) => !fitsArray(field));
    if (refused.length > 0) {
      const fitting = fields.filter(fitsArray).map(({ name }) => name);
      throw new ZcError(
        'ZC_CONVERT_UNSUPPORTED',
        `a NumPy array holds tensors of one shape; these fields are none: ${refused.map(({ name }) => name).join(', ')}`,
        {
          advice:
            fitting.length > 0
              ? `Export the others: --fields ${fitting.join(',')}; or choose another format, such as parquet.`
              : 'Choose another format, such as parquet or webdataset.',
        },
      );
    }
    const unsafe = fields.find(({ name }) => name.includes('/') || name.startsWith('.'));
    if (unsafe) {
      throw new ZcError('ZC_CONVERT_UNSUPPORTED', `the field's name "${unsafe.name}" cannot name a file`, {
        field: unsafe.name,
      });
    }
    const halves = fields.filter((field) => field.kind === 'tensor' && field.dtype === 'bfloat16');
    return halves.length > 0
      ? [`bfloat16 as uint16 bits, for NumPy lacks it: ${halves.map(({ name }) => name).join(', ')}`]
      : [];
  },

  async open(folder, { schema, samples }): Promise<OpenedSink> {
    const fields = schema.fields as readonly TensorField[];
    const files: OutputFile[] = [];
    const close = async () => {
      for (const file of files) await file.close();
    };
    try {
      for (const { name, dtype, shape } of fields) {
        const file = await OutputFile.create(join(folder, `${name}.npy`));
        files.push(file);
        await file.write(encodeNpyHeader(dtype, [samples, ...(shape as number[])]));
      }
    } catch (error) {
      await close();
      throw error;
    }
    return {
      get bytes() {
        return files.reduce((sum, file) => sum + file.bytes, 0);
      },
      async write(sample) {
        for (const [i, field] of fields.entries()) {
          const { buffer, byteOffset, byteLength } = tensorOf(field, sample[field.name]).data;
          await files[i]!.write(new Uint8Array(buffer, byteOffset, byteLength));
        }
      },
      async finish() {
        for (const file of files) await file.finish();
      },
      close,
    };
  },
};

function fitsArray(field: Field): boolean {
  return field.kind === 'tensor' && field.shape.every((extent) => extent !== null);
}
