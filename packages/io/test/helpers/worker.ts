import { Worker } from 'node:worker_threads';

/** Starts a worker on a TypeScript module. Node hands a loader given on the command line to no worker. */
export function startWorker(module: string, workerData: unknown): Worker {
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import('${module}'); })`;
  return new Worker(start, { eval: true, workerData });
}
