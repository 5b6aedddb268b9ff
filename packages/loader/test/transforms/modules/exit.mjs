export default function exit(batch) {
  if (batch.indices.includes(17)) process.exit(5);
}
