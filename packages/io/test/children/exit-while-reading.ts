import { makeBusy } from './busy.js';

const [path, backend] = process.argv.slice(2) as [string, 'io_uring' | 'threads'];
makeBusy({ path, backend });
setTimeout(() => process.exit(7), 30);
