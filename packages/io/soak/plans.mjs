/** Read plans with numbers that were changed at random: refused or carried out, and what is not theirs untouched. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BufferPool, encodeReadPlan, ReadEngine } from '../dist/index.js';

const PLANS = 200_000;
const SLOT_BYTES = 16_384;
const FILE_BYTES = 100_001;
const ODD = [
  0,
  -1,
  1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 63,
  -0,
  4095,
  4096,
  FILE_BYTES,
  SLOT_BYTES,
];
const CODES = new Set(['ZC_ARGUMENT', 'ZC_IO_CHECKSUM', 'ZC_IO_MEMORY']);

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } },
});
const plans = Math.max(1000, Math.round(PLANS * Number(values.scale)));
let state = Number(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
const path = join(folder, 'data');
const ends = { read: 0, refused: 0 };
try {
  writeFileSync(path, Buffer.alloc(FILE_BYTES, 1));
  for (const backend of ['io_uring', 'threads']) {
    const engine = new ReadEngine({ backend, threads: 2 });
    const pool = new BufferPool({ slotBytes: SLOT_BYTES, slots: 2 });
    const file = engine.openFile(path);
    const slot = pool.acquire();
    const neighbour = pool.acquire();
    const guard = new Uint8Array(neighbour.buffer).fill(7);
    for (let i = 0; i < plans / 2; i++) {
      await engine.read(slot, changed(good(file))).then(
        () => ends.read++,
        (error) => {
          if (!CODES.has(error.code)) throw error;
          ends.refused++;
        },
      );
    }
    if (guard.some((byte) => byte !== 7)) throw new Error('a slot was written that no plan was for');
    slot.release();
    neighbour.release();
    pool.close();
    await engine.close();
  }
  console.log(`${plans} plans, seed ${values.seed}: ${ends.read} carried out, ${ends.refused} refused`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function good(file) {
  const ways = ['direct', 'buffered', 'auto-direct', 'auto-buffered', 'mapped-copy'];
  return encodeReadPlan(
    Array.from({ length: 1 + random(3) }, () => {
      const length = 1 + random(8192);
      const pieces = Array.from({ length: 1 + random(3) }, () => {
        const extentOffset = random(length);
        const bytes = random(length - extentOffset + 1);
        return { extentOffset, length: bytes, slotOffset: random(2) * random(SLOT_BYTES - bytes + 1) };
      });
      return { file, offset: random(FILE_BYTES - length + 1), length, way: ways[random(5)], pieces };
    }),
  );
}

function changed(plan) {
  for (let times = random(4); times > 0; times--) {
    const place = random(plan.length);
    const number = plan[place];
    plan[place] = [ODD[random(ODD.length)], number + random(9) - 4, number * 2, plan[random(plan.length)]][
      random(4)
    ];
  }
  return random(50) === 0 ? plan.subarray(0, random(plan.length + 1)) : plan;
}

function random(below) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
