export { abortedError } from './aborted-error.js';
export { type ErrorCodeEntry, errorCodes, type ZcErrorCode } from './codes.js';
export { isZcError } from './is-zc-error.js';
export { ZcError, type ZcErrorDetails } from './zc-error.js';
