export default function fail(batch) {
  for (const row of batch.rows()) if (batch.indices[row] === 17) throw new RangeError('too bright');
}
