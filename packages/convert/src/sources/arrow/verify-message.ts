/** Fields of a schema, those within others counted too, and how deep they may lie. */
const FIELDS_MAX = 65_536;
const DEPTH_MAX = 64;

/**
 * Checks that the vectors of a message's metadata lie inside of it: the library's readers loop over as many elements
 * as are claimed, however many these are (arrow/format/Message.fbs and Schema.fbs; FlatBuffers internals).
 *
 * @throws RangeError
 */
export function verifyMessage(metadata: Uint8Array): void {
  const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.byteLength);
  const message = new TableView(view, view.getUint32(0, true));
  message.verifyPairs(4);
  const header = message.table(2);
  if (header === undefined) throw new RangeError('the message has no header');
  switch (message.byte(1)) {
    case 1:
      header.verifyPairs(2);
      header.vector(3, 8);
      verifyFields(header, 1, { left: FIELDS_MAX }, 0);
      break;
    case 2: {
      const batch = header.table(1);
      if (batch === undefined) throw new RangeError('the dictionary has no values');
      verifyBatch(batch);
      break;
    }
    case 3:
      verifyBatch(header);
      break;
    default:
      throw new RangeError(`a message of kind ${message.byte(1)} is neither schema, dictionary nor batch`);
  }
}

function verifyBatch(batch: TableView): void {
  batch.vector(1, 16);
  batch.vector(2, 16);
  batch.vector(4, 8);
}

function verifyFields(parent: TableView, slot: number, budget: { left: number }, depth: number): void {
  if (depth > DEPTH_MAX) throw new RangeError(`the fields lie more than ${DEPTH_MAX} deep`);
  for (const field of parent.tables(slot)) {
    if (budget.left-- === 0) throw new RangeError(`there are more than ${FIELDS_MAX} fields`);
    field.vector(0, 1);
    field.verifyPairs(6);
    verifyFields(field, 5, budget, depth + 1);
  }
}

/** A FlatBuffers table. Whatever lies outside of the view is a RangeError of the view itself. */
class TableView {
  readonly #view: DataView;
  readonly #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  byte(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }

  table(slot: number): TableView | undefined {
    const at = this.#field(slot);
    return at === undefined ? undefined : new TableView(this.#view, at + this.#view.getUint32(at, true));
  }

  /** Where the elements of a vector begin, and how many there are; all of them lie inside. */
  vector(slot: number, elementBytes: number): { start: number; length: number } {
    const at = this.#field(slot);
    if (at === undefined) return { start: 0, length: 0 };
    const head = at + this.#view.getUint32(at, true);
    const length = this.#view.getUint32(head, true);
    const start = head + 4;
    if (length * elementBytes <= this.#view.byteLength - start) return { start, length };
    throw new RangeError(
      `a vector claims ${length} elements where ${this.#view.byteLength - start} bytes are left`,
    );
  }

  *tables(slot: number): Generator<TableView> {
    const { start, length } = this.vector(slot, 4);
    for (let at = start; at < start + 4 * length; at += 4) {
      yield new TableView(this.#view, at + this.#view.getUint32(at, true));
    }
  }

  /** Keys and values of metadata. */
  verifyPairs(slot: number): void {
    for (const pair of this.tables(slot)) {
      pair.vector(0, 1);
      pair.vector(1, 1);
    }
  }

  #field(slot: number): number | undefined {
    const vtable = this.#at - this.#view.getInt32(this.#at, true);
    const entry = 4 + 2 * slot;
    if (entry >= this.#view.getUint16(vtable, true)) return undefined;
    const offset = this.#view.getUint16(vtable + entry, true);
    return offset === 0 ? undefined : this.#at + offset;
  }
}
