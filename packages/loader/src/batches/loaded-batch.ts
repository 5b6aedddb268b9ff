import type { Dtype, FieldSpec, Schema, TensorSpec } from '@zc/format';
import type { Transform } from '../transforms/built-in.js';
import type { Batch } from './batch.js';
import type { MappedBatch } from './mapped-batch.js';

/** What iterating over a loader of a source of schema `S` with options `O` gives: batches, or what `collate` makes of them. */
export type Loaded<S extends Schema, O> = O extends { readonly collate: (batch: never) => infer Made }
  ? Awaited<Made>
  : LoadedBatch<S, O>;

/** A batch as the options `mode`, `pad` and `transforms` leave it. */
export type LoadedBatch<S extends Schema, O> = O extends { readonly mode: 'mapped' }
  ? MappedBatch<S>
  : Batch<LoadedSchema<S, O>>;

type LoadedSchema<S extends Schema, O> = O extends { readonly transforms: object } | { readonly pad: object }
  ? S extends Schema<infer F>
    ? Schema<{ [N in keyof F]: LoadedSpec<F[N], N, O> }>
    : S
  : S;

type LoadedSpec<F extends FieldSpec, N extends PropertyKey, O> =
  F extends TensorSpec<infer D, infer Extents>
    ? TensorSpec<DtypeAfter<D, N, O>, Extents> & PaddedBy<N, O>
    : F;

type DtypeAfter<D extends Dtype, N extends PropertyKey, O> = O extends {
  readonly transforms: { readonly [K in N]: infer List };
}
  ? List extends readonly Transform[]
    ? 'float32' extends MadeBy<List[number]>
      ? 'float32'
      : D
    : D
  : D;

type MadeBy<T> = T extends Transform<infer Makes> ? Makes : never;

type PaddedBy<N extends PropertyKey, O> = O extends { readonly pad: { readonly [K in N]: unknown } }
  ? { readonly padded: true }
  : unknown;
