import { makeBusy } from './busy.js';

const [path, backend] = process.argv.slice(2) as [string, 'io_uring' | 'threads'];
makeBusy({ path, backend });
setTimeout(() => {
  throw new Error('meant to happen');
}, 30);
