import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { labelsOf } from '../src/sources/labels.js';

test('auto takes the folder', () => {
  expect(labelsOf(['dog/1.jpg', 'cat/1.jpg', 'cat/2/3.jpg'])).toMatchObject({
    classes: ['cat', 'dog'],
    ids: [1, 0, 0],
  });
});

test('auto takes the name of a recording up to the first underscore', () => {
  expect(labelsOf(['7_jackson_32.wav', '0_theo_1.wav', '7_theo_0.wav'])).toMatchObject({
    classes: ['0', '7'],
    ids: [1, 0, 1],
  });
});

test.each([
  ['names that show none', ['a.wav', 'b.wav']],
  ['one name that does not fit', ['7_jackson_32.wav', '0_theo_1.wav', 'noise.wav']],
  ['a single class, as cameras name their pictures', ['IMG_20240101_1.jpg', 'IMG_20240102_2.jpg']],
])('auto finds no labels in %s', (_name, files) => {
  expect(labelsOf(files)).toBeUndefined();
});

test('none means none', () => {
  expect(labelsOf(['cat/1.jpg', 'dog/1.jpg'], 'none')).toBeUndefined();
});

test('whole numbers are sorted as numbers, other names by their code units', () => {
  expect(labelsOf(['10/a', '9/a', '2/a'])?.classes).toEqual(['2', '9', '10']);
  expect(labelsOf(['10/a', '9/a', 'B/a', 'a/a'])?.classes).toEqual(['10', '9', 'B', 'a']);
});

test('an expression takes its first group from the name, wherever the file lies', () => {
  const labels = labelsOf(['x/7_jackson_32.wav', '0_theo_1.wav'], 'name:_([a-z]+)_');
  expect(labels).toMatchObject({ classes: ['jackson', 'theo'], ids: [0, 1] });
});

test('files beside the folders are refused by name', async () => {
  const error = await failure('ZC_CONVERT_MIXED', () => labelsOf(['cat/1.jpg', 'stray.jpg']));
  expect(error.path).toBe('stray.jpg');
});

test('a name that the expression does not match is refused by name', async () => {
  const error = await failure('ZC_CONVERT_MIXED', () => labelsOf(['7_a.wav', 'noise.wav'], 'name:^(\\d)_'));
  expect(error.path).toBe('noise.wav');
});

test.each(['name:(', 'name:abc', 'directory', 'name:'])('%s is no place for labels', async (labelFrom) => {
  await failure('ZC_ARGUMENT', () => labelsOf(['a.wav'], labelFrom));
});

test('classes that are given keep their numbers, also those that no file has', () => {
  const labels = labelsOf(['dog/1.jpg', 'cat/1.jpg'], 'folder', ['cat', 'cow', 'dog'])!;
  expect(labels.ids).toEqual([2, 0]);
  expect(labels.classes).toEqual(['cat', 'cow', 'dog']);
});

test('a class that is none of those given, or given twice, is refused', async () => {
  const error = await failure('ZC_CONVERT_MIXED', () => labelsOf(['cow/1.jpg'], 'folder', ['cat']));
  expect(error.path).toBe('cow/1.jpg');
  await failure('ZC_ARGUMENT', () => labelsOf(['cat/1.jpg'], 'folder', ['cat', 'cat']));
});
