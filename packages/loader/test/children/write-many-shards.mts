// Writes the dataset of `writeManyShards`.
import { writeManyShards } from '../helpers/many-shards.js';

const [directory = '', shards, samplesPerShard] = process.argv.slice(2);
await writeManyShards(directory, { shards: Number(shards), samplesPerShard: Number(samplesPerShard) });
