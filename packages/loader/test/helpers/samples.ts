import { expect } from 'vitest';
import type { Batch } from '../../src/index.js';
import { boxesOf, type everything, everythingAt } from './datasets.js';

/** Checks that a batch holds just the samples that its ids name, in every field that it has. */
export function expectEverything(batch: Batch<typeof everything>, fields: readonly string[]): void {
  const { image, label, weights, audio, boxes, tokens, caption, extra, photo } = batch.fields;
  batch.indices.forEach((id, i) => {
    const wanted = everythingAt(id);
    const check = (name: string, actual: () => unknown, expected: unknown) => {
      if (!fields.includes(name)) return;
      expect(bytesOf(actual()), `${name} of sample ${id}`).toBe(bytesOf(expected));
    };
    check('image', () => image.data.subarray(i * 2048, (i + 1) * 2048), wanted.image);
    check('label', () => label.data[i], wanted.label);
    check('weights', () => weights.data.subarray(i * 3, (i + 1) * 3), wanted.weights);
    check('audio', () => audio.row(i), wanted.audio);
    check('boxes', () => boxes.row(i), boxesOf(id).data);
    check('boxes', () => boxes.shapes(i).join(), boxesOf(id).shape.join());
    check('tokens', () => tokens.row(i), wanted.tokens);
    check('caption', () => caption.at(i), wanted.caption);
    check('extra', () => JSON.stringify(extra.at(i)), JSON.stringify(wanted.extra));
    check('photo', () => photo.at(i), wanted.photo);
  });
}

/** Values as texts, which are compared much faster than arrays are by `toEqual`. */
function bytesOf(value: unknown): string {
  if (!ArrayBuffer.isView(value)) return `${typeof value} ${String(value)}`;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return `${value.constructor.name} ${bytes}`;
}
