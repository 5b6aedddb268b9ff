import { nativeAddon } from './native-addon.js';

/** What the package goes on without, and says once for the whole process. */
export type Notice = 'ZC_IO_NO_RING' | 'ZC_IO_NO_DIRECT' | 'ZC_IO_NO_MEMFD';

/** Emits a `ZcWarning` with this code, unless this process has had it. */
export function noticeOnce(code: Notice, text: string): void {
  if (nativeAddon().firstNotice(code)) process.emitWarning(text, { type: 'ZcWarning', code });
}
