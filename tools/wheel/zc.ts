import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '@zc/cli';

// In the wheel the addon lies beside the folder of the programs; it is looked for when it is first used.
process.env.ZC_IO_ADDON ??= join(dirname(fileURLToPath(import.meta.url)), '../native/zc_io.node');
process.exitCode = await main(process.argv.slice(2));
