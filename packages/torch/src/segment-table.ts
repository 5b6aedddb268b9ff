import { ZcError } from '@zc/errors';
import type { BufferPool } from '@zc/io';
import type { Connection } from './connection.js';
import { LeaseTable } from './lease-table.js';

/** A segment that the client knows. */
export interface KnownSegment {
  /** Its number in this connection. */
  readonly number: number;
  readonly leases: LeaseTable;
}

/** What of a loader's shared memory the client has been told of: each segment before the first batch in it. */
export class SegmentTable {
  readonly #connection: Connection;
  readonly #loader: number;
  readonly #nextNumber: () => number;
  readonly #known = new Map<BufferPool, (KnownSegment | undefined)[]>();

  constructor(connection: Connection, loader: number, nextNumber: () => number) {
    this.#connection = connection;
    this.#loader = loader;
    this.#nextNumber = nextNumber;
  }

  /** The segment as the client knows it, announced if it is new. */
  announce(pool: BufferPool, index: number): KnownSegment {
    const known = this.#known.get(pool)?.[index];
    return known ?? this.#announce(pool, index);
  }

  /** The tables of every segment. */
  *leases(): Generator<LeaseTable> {
    for (const segments of this.#known.values()) {
      for (const segment of segments) if (segment !== undefined) yield segment.leases;
    }
  }

  /** Tells the client of pools that no batch lies in any more and that `current` has taken the place of. */
  retire(current: BufferPool): void {
    for (const [pool, segments] of this.#known) {
      if (pool === current || segments.some((segment) => segment && segment.leases.held > 0)) continue;
      this.#known.delete(pool);
      for (const segment of segments) {
        if (segment !== undefined) this.#connection.sendControl({ type: 'retired', segment: segment.number });
      }
    }
  }

  #announce(pool: BufferPool, index: number): KnownSegment {
    const { fd, sizeBytes, controlBytes, slots } = pool.segments[index]!;
    if (fd < 0) {
      throw new ZcError('ZC_IO_MEMORY', 'memory that two processes share is refused here (memfd_create)', {
        advice: 'Allow memfd_create in the seccomp profile of the container.',
      });
    }
    const known = { number: this.#nextNumber(), leases: new LeaseTable({ fd, slots }) };
    const segments = this.#known.get(pool) ?? [];
    segments[index] = known;
    this.#known.set(pool, segments);
    this.#connection.sendDescriptor(known.number, fd);
    this.#connection.sendControl({
      type: 'segment',
      loader: this.#loader,
      segment: known.number,
      size_bytes: sizeBytes,
      control_bytes: controlBytes,
      slots,
      slot_bytes: pool.slotBytes,
    });
    return known;
  }
}
