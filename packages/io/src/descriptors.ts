import { nativeAddon } from './native-addon.js';

/** Something watched by the event loop, which it keeps alive until it is closed. */
export interface Watch {
  /** Ends the watching; the descriptor stays the caller's. */
  close(): void;
}

/**
 * Sends bytes and file descriptors over a Unix socket, in one sendmsg(2) with SCM_RIGHTS.
 *
 * The receiver gets duplicates: ours may be closed afterwards. The socket may be non-blocking; where it has
 * no room for the message, this waits for up to a second.
 *
 * @param socketFd a connected SOCK_STREAM or SOCK_SEQPACKET socket
 * @param payload at least one byte, for on a stream descriptors travel with bytes
 * @param fds at most 253 (SCM_MAX_FD)
 * @throws ZC_ARGUMENT, ZC_IO_WRITE
 */
export function sendDescriptors(socketFd: number, payload: Uint8Array, fds: readonly number[]): void {
  nativeAddon().sendDescriptors(socketFd, payload, fds);
}

/**
 * Calls back each time a descriptor becomes readable. The counter of an eventfd is drained before the call,
 * so each call stands for at least one write; of anything else nothing is read.
 *
 * @throws ZC_ARGUMENT where the descriptor cannot be watched
 */
export function watchDescriptor(fd: number, onReadable: () => void): Watch {
  return nativeAddon().watchDescriptor(fd, onReadable);
}

/**
 * Calls back once when a process has ended (pidfd_open(2), Linux 5.3). Works for any process, not only for
 * children; the watch closes itself then.
 *
 * @throws ZC_ARGUMENT where there is no such process
 */
export function watchProcess(pid: number, onExit: () => void): Watch {
  return nativeAddon().watchProcess(pid, onExit);
}
