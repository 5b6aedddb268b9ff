import { parentPort } from 'node:worker_threads';

parentPort.postMessage({ outputs: undefined });
export default () => {
  parentPort.postMessage('done');
  parentPort.postMessage(null);
};
