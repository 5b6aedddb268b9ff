import { InvalidArgumentError } from 'commander';

/**
 * Reads `name=value,name=value`, and what `read` makes of each value; an option that is given again adds to it.
 *
 * A name may hold anything but `=` and `,`.
 */
export function namedValues<T>(read: (text: string) => T) {
  return (text: string, before: Readonly<Record<string, T>> = {}): Record<string, T> => {
    const entries = text.split(',').map((part): [string, T] => {
      const [, name, value] = /^([^=]+)=(.+)$/.exec(part.trim()) ?? [];
      if (name === undefined || value === undefined) {
        throw new InvalidArgumentError('Names and values are given as name=value,name=value.');
      }
      return [name, read(value)];
    });
    const names = [...Object.keys(before), ...entries.map(([name]) => name)];
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new InvalidArgumentError(`"${twice}" is named twice.`);
    return { ...before, ...Object.fromEntries(entries) };
  };
}

/** One value for all, or named ones: `zstd`, or `image=zstd,label=none`. */
export function valueOrNamed<T>(read: (text: string) => T) {
  const readNamed = namedValues(read);
  return (text: string, before?: T | Record<string, T>): T | Record<string, T> =>
    text.includes('=')
      ? readNamed(text, typeof before === 'object' ? (before as Record<string, T>) : {})
      : read(text);
}
