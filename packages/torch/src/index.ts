export { Bridge, type BridgeOptions } from './bridge.js';
export { PROTOCOL_VERSION } from './protocol.js';
