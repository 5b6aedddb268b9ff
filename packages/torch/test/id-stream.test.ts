import { isZcError } from '@zc/errors';
import { expect, it } from 'vitest';
import { IDS_WAITING_MAX, IdStream } from '../src/id-stream.js';

const ids = (...numbers: number[]) => Float64Array.from(numbers);

it('gives whole batches, whether they are waited for or wait', async () => {
  let starved = 0;
  const stream = new IdStream(() => starved++);
  stream.push(ids(1, 2), false);
  expect(await stream.next()).toEqual({ value: ids(1, 2), done: false });
  const pending = stream.next();
  expect(starved).toBe(1);
  stream.push(ids(3), true);
  stream.push(ids(4, 5), true);
  stream.push(ids(6), false);
  expect(await pending).toEqual({ value: ids(3, 4, 5, 6), done: false });
  stream.push(ids(7), false);
  stream.end();
  expect(await stream.next()).toEqual({ value: ids(7), done: false });
  expect(await stream.next()).toEqual({ value: undefined, done: true });
  expect([stream.received, starved]).toEqual([3, 1]);
});

it('ends for whoever waits', async () => {
  const stream = new IdStream(() => {});
  const pending = stream.next();
  stream.end();
  expect(await pending).toEqual({ value: undefined, done: true });
});

it.each<[string, (stream: IdStream) => void]>([
  ['more ids than may wait', (stream) => stream.push(new Float64Array(IDS_WAITING_MAX), true)],
  ['ids behind the last batch', (stream) => stream.end()],
])('%s are refused', (_, prepare) => {
  const stream = new IdStream(() => {});
  prepare(stream);
  try {
    stream.push(ids(1), false);
    expect.unreachable();
  } catch (error) {
    expect(isZcError(error, 'ZC_TORCH_PROTOCOL')).toBe(true);
  }
});
