/** What a process of `zc` ends with. */
export const exitCode = {
  ok: 0,
  /** The work failed, or damage was found. */
  failure: 1,
  /** The command line could not be understood. */
  usage: 2,
  /** Ended by Ctrl-C (SIGINT). */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

export const exitCodeHelp = `
Exit codes:
  0    done, nothing wrong found
  1    the work failed, or damage was found
  2    the command line could not be understood
  130  interrupted by Ctrl-C (143 by SIGTERM); nothing half-done is left behind`;
