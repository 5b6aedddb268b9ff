import { ZcError } from '@zc/errors';
import { fieldNamed, specsOf, withFields } from './fields.js';
import type { Step, StepGiven } from './step.js';

/** Gives fields other names, all at once: `{ a: 'b', b: 'a' }` changes places. @throws ZC_ARGUMENT */
export function openRename(names: Readonly<Record<string, string>>, { before }: StepGiven): Step {
  for (const name of Object.keys(names)) fieldNamed(before, name, 'rename');
  const nameOf = (name: string) => (Object.hasOwn(names, name) ? names[name]! : name);
  const renamed = new Map([...specsOf(before)].map(([name, spec]) => [nameOf(name), spec]));
  if (renamed.size < before.fields.length) {
    const all = before.fields.map(({ name }) => nameOf(name));
    const twice = all.find((name, i) => all.indexOf(name) < i);
    throw new ZcError('ZC_ARGUMENT', `rename: two fields would be named "${twice}"`, { actual: names });
  }
  return {
    schema: withFields(before, renamed),
    apply: (sample) =>
      Object.fromEntries(Object.entries(sample).map(([name, value]) => [nameOf(name), value])),
  };
}
