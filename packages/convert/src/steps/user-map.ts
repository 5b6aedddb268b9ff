import { inspect } from 'node:util';
import { ZcError } from '@zc/errors';
import { type Dtype, defineSchema, dtypes, type FieldSpec, field, type Schema } from '@zc/format';
import { specsOf, withFields } from './fields.js';
import type { Step, StepGiven, StepResult, StepRow, StepSample } from './step.js';

/** The user's own step. It gives a sample, several, or `undefined` to drop this one; the same for the same sample. */
export type MapFunction = (sample: StepSample, row: StepRow) => StepResult | Promise<StepResult>;

/** A module with such a function as its default export. */
export interface MapModule {
  readonly default: MapFunction;
  /** The fields of its results; without it they are inferred from the first one. */
  readonly schema?: Readonly<Record<string, FieldSpec>> | undefined;
}

/**
 * Runs the user's own function on every sample.
 *
 * @param url of the module
 * @throws ZC_TRANSFORM where the module cannot be loaded or is none, and for a row that it fails on
 */
export async function openMap(url: string, given: StepGiven): Promise<Step> {
  const module = await load(url);
  const run = async (sample: StepSample, row: StepRow): Promise<StepResult> => {
    try {
      return checked(await module.default(sample, row));
    } catch (cause) {
      const words = cause instanceof Error ? `${cause.name}: ${cause.message}` : inspect(cause);
      throw new ZcError('ZC_TRANSFORM', `the step failed on row ${row.index}: ${words}`, {
        path: row.origin,
        row: row.index,
        cause,
      });
    }
  };
  return { schema: await schemaOf(module, { given, run }), apply: run };
}

async function load(url: string): Promise<MapModule> {
  let module: Partial<MapModule>;
  try {
    module = await import(url);
  } catch (cause) {
    const { message } = cause as Error;
    throw new ZcError('ZC_TRANSFORM', `the module of the step cannot be loaded: ${message}`, {
      path: url,
      cause,
    });
  }
  if (typeof module.default === 'function') return module as MapModule;
  throw new ZcError('ZC_TRANSFORM', 'the module has no function as its default export', {
    path: url,
    advice: 'Write `export default (sample) => …`.',
  });
}

function checked(result: unknown): StepResult {
  const isSample = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
  if (result === undefined) return undefined;
  if (Array.isArray(result) ? result.every(isSample) : isSample(result)) return result as StepResult;
  throw new TypeError(
    `it gave ${inspect(result, { depth: 0 })}, expected a sample, an array of samples or undefined`,
  );
}

async function schemaOf(
  { schema }: MapModule,
  { given, run }: { given: StepGiven; run: MapFunction },
): Promise<Schema> {
  const { before } = given;
  if (schema !== undefined) return defineSchema(schema, { metadata: before.metadata });
  const known = specsOf(before);
  // Rows that the function drops tell nothing of what it makes of others.
  for (;;) {
    const { sample, row } = await given.first();
    const result = await run({ ...sample }, row);
    const [first] = Array.isArray(result) ? result : [result];
    if (first === undefined) {
      await given.skipFirst();
      continue;
    }
    const specs = Object.entries(first as StepSample).map(([name, value]): [string, FieldSpec] => {
      const isUnchanged = known.has(name) && value === sample[name];
      return [name, isUnchanged ? known.get(name)! : specOfValue(name, value)];
    });
    return withFields(before, new Map(specs));
  }
}

/** What field a value is of: the narrowest guess that other values of its kind fit as well. */
function specOfValue(name: string, value: unknown): FieldSpec {
  if (typeof value === 'string') return field.text();
  if (typeof value === 'boolean') return field.scalar('bool');
  if (typeof value === 'bigint' || Number.isInteger(value)) return field.scalar('int64');
  if (typeof value === 'number') return field.scalar('float64');
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') {
    throw new ZcError(
      'ZC_TRANSFORM',
      `the step's field "${name}" is ${typeof value}, which cannot be stored`,
    );
  }
  if (value instanceof Uint8Array) return field.bytes();
  if (ArrayBuffer.isView(value)) return field.tensor(dtypeOf(value, name), [null]);
  const { data, shape, dtype } = value as { data?: unknown; shape?: readonly number[]; dtype?: Dtype };
  if (ArrayBuffer.isView(data) && Array.isArray(shape)) {
    return field.tensor(dtype ?? dtypeOf(data, name), shape);
  }
  return field.json();
}

function dtypeOf(array: ArrayBufferView, name: string): Dtype {
  const type = (array as Uint8Array)[Symbol.toStringTag] as string;
  const found = (Object.keys(dtypes) as Dtype[]).find(
    (dtype) => dtype !== 'bool' && dtypes[dtype].array.name === type,
  );
  if (found !== undefined) return found;
  throw new ZcError('ZC_TRANSFORM', `the step's field "${name}" is a ${type}, which is no dtype's array`);
}
