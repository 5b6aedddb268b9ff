import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Demand } from '../src/demand.js';

/** A demand, and what it says at each moment: undefined while it waits. */
function watched(room: { untaken: number; hasRoom: boolean }) {
  const demand = new Demand({ ahead: 2, untaken: () => room.untaken, hasRoom: () => room.hasRoom });
  const seen: { wanted: boolean | undefined } = { wanted: undefined };
  const ask = () => {
    seen.wanted = undefined;
    void demand.next().then((wanted) => {
      seen.wanted = wanted;
    });
    return turn();
  };
  return { demand, seen, ask };
}

describe('what is sent ahead', () => {
  it('is as much as was asked for', async () => {
    const room = { untaken: 0, hasRoom: true };
    const { demand, seen, ask } = watched(room);
    await ask();
    expect(seen.wanted).toBe(true);
    room.untaken = 2;
    await ask();
    expect(seen.wanted).toBeUndefined();
    room.untaken = 1;
    demand.check();
    await turn();
    await turn();
    expect(seen.wanted).toBe(true);
  });

  it('is nothing that needs more memory', async () => {
    const room = { untaken: 0, hasRoom: false };
    const { demand, seen, ask } = watched(room);
    await ask();
    expect(seen.wanted).toBeUndefined();
    room.hasRoom = true;
    demand.check();
    await turn();
    await turn();
    expect(seen.wanted).toBe(true);
  });
});

describe('a client that waits', () => {
  it('is served even without room, once', async () => {
    const { demand, seen, ask } = watched({ untaken: 0, hasRoom: false });
    await ask();
    demand.wait(0);
    await turn();
    await turn();
    expect(seen.wanted).toBe(true);
    await ask();
    expect(seen.wanted).toBeUndefined();
  });

  it('is not served twice where the batch was on its way', async () => {
    const room = { untaken: 0, hasRoom: true };
    const { demand, seen, ask } = watched(room);
    await ask();
    room.hasRoom = false;
    demand.wait(0);
    await ask();
    await turn();
    expect(seen.wanted).toBeUndefined();
  });
});

it('the end is told at once', async () => {
  const { demand, seen, ask } = watched({ untaken: 0, hasRoom: false });
  await ask();
  demand.end();
  await turn();
  expect(seen.wanted).toBe(false);
  await ask();
  expect(seen.wanted).toBe(false);
});
