import { describe, expect, it } from 'vitest';
import { goalRows } from '../src/goal.js';
import { makeReport } from '../src/make-report.js';
import { FULL } from '../src/method.js';
import { toHtml } from '../src/page/page.js';
import { warningsOf } from '../src/report-words.js';
import { reportOf, runOf } from './helpers/reports.js';

const throughputs = {
  zc: [1000, 1010, 990],
  'zc-direct': [1100, 1110, 1090],
  'read-fresh': [500, 505, 495],
  limit: [1250, 1262.5, 1237.5],
  consumer: [9000, 9090, 8910],
};

describe('the page', () => {
  const page = toHtml(reportOf(throughputs));

  it('needs nothing from elsewhere', () => {
    const addresses = [...page.matchAll(/(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)].map(([, to]) => to!);
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((to) => !to.startsWith('#'))).toEqual([]);
    expect(page).not.toContain('<script');
  });

  it('draws throughput with the limit, CPU and gaps of each loader', () => {
    const svgs = [...page.matchAll(/<svg[^>]*aria-label="([^"]*)"[\s\S]*?<\/svg>/g)];
    const labelled = (label: string) => svgs.find(([, name]) => name === label)![0];
    const throughput = labelled('Throughput, MB/s');
    for (const words of ['zc', 'zc-direct', 'read-fresh', '1,000', '1,100', '500', 'fio 1,250']) {
      expect(throughput).toContain(`>${words}<`);
    }
    expect(throughput).not.toContain('>consumer<');
    expect(labelled('CPU seconds per GB')).toContain('>read-fresh<');
    expect(labelled('Time between batches, ms')).toContain('>5.00<');
    expect(labelled('Share of what the hardware gives')).toContain('>80 %<');
  });

  it('has colours of its own in light and in dark', () => {
    expect(page).toContain('@media (prefers-color-scheme: dark)');
    expect(page).not.toMatch(/(?:fill|stroke)="#/);
  });

  it('is the same for the same report', () => {
    expect(toHtml(reportOf(throughputs))).toBe(page);
  });

  it('shows words of contenders as words', () => {
    const run = {
      ...runOf({ zc: [1, 1, 1] }),
      failed: new Map([['bad', 'a <b>\n<script>alert(1)</script>']]),
    };
    const withError = toHtml(makeReport([run], { method: FULL }));
    expect(withError).toContain('&lt;script&gt;alert(1)');
    expect(withError).not.toContain('<script');
  });

  it('can show a run in which nothing worked', () => {
    const run = { ...runOf({}), failed: new Map([['zc', 'broken']]) };
    expect(toHtml(makeReport([run], { method: FULL }))).toContain('No contender ran.');
  });
});

describe('the founding goal', () => {
  const outcomeOf = (given: Record<string, number[]>) => goalRows(reportOf(given))[0]!.outcome;
  const fresh = [100, 101, 99];

  it('is met from three times read-fresh on', () => {
    expect(outcomeOf({ zc: [310, 312, 308], 'read-fresh': fresh })).toBe('met');
    expect(outcomeOf({ zc: [100, 500, 250], 'read-fresh': fresh })).toBe('met within the noise');
    expect(outcomeOf({ zc: [100, 900, 700], 'read-fresh': fresh })).toBe('met within the noise');
  });

  it('is out of reach where the limit itself is below it, and missed where it is not', () => {
    const zc = [200, 202, 198];
    expect(outcomeOf({ zc, 'read-fresh': fresh, limit: [250, 252, 248] })).toBe('forbidden');
    expect(outcomeOf({ zc, 'read-fresh': fresh, limit: [900, 905, 895] })).toBe('not met');
    expect(outcomeOf({ zc, 'read-fresh': fresh, limit: [150, 152, 148] })).toBe('not met');
    expect(outcomeOf({ zc, 'read-fresh': fresh, limit: [900, 905, 895], consumer: [250, 252, 248] })).toBe(
      'forbidden',
    );
  });

  it('is not judged by one round', () => {
    expect(outcomeOf({ zc: [900], 'read-fresh': [100] })).toBe('unknown');
  });
});

describe('warnings', () => {
  it('name what makes figures doubtful, and nothing else', () => {
    expect(warningsOf(reportOf(throughputs))).toEqual([]);
    const busy = runOf({ zc: [1000, 1000] }, { round: { foreignCpuSeconds: 0.5 } });
    const [few, loaded] = warningsOf(makeReport([busy], { method: FULL }));
    expect(few).toContain('Fewer than three rounds');
    expect(loaded).toBe('Something else ran: more than 0.1 of a core, up to 0.5, in cold-rand-110k.');
  });
});
