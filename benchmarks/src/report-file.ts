import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Report } from './report.js';

/** Writes a report under its name all at once. Each result is a line, so that two reports can be compared by eye. */
export function writeReport(path: string, report: Report): void {
  const members = Object.entries(report).map(([name, value]) => {
    const text = Array.isArray(value)
      ? `[${value.map((each) => `\n${JSON.stringify(each)}`).join(',')}\n]`
      : JSON.stringify(value);
    return `${JSON.stringify(name)}: ${text}`;
  });
  const partial = `${path}.partial`;
  writeFileSync(partial, `{\n${members.join(',\n')}\n}\n`);
  renameSync(partial, path);
}

/** @throws an Error that names the file where it is no report of this schema */
export function readReport(path: string): Report {
  const parsed = Report.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  const { path: at, message } = parsed.error.issues[0]!;
  throw new Error(`${path} is no report of schema 1: ${at.join('.')}: ${message}`);
}
