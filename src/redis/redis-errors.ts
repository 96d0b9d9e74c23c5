/** Redis is unavailable when the gateway starts. The message says where and why, and contains no password. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

/** A command failed. The message contains no key, argument or password. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
  /** For logs and tests: `OOM`, `READONLY`, `ECONNREFUSED`, `TIMEOUT`. */
  readonly code: string;

  constructor(failure: unknown) {
    // The failure is not the cause, because errors of ioredis contain the command with its arguments.
    super(reasonOf(failure));
    this.code = codeOf(failure);
  }
}

/**
 * Codes of replies. In the replies of older servers, the code of a failed script follows the name of the script; in errors of
 * ioredis, it follows the number of redirections.
 */
const REPLY_CODES =
  /\b(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|CROSSSLOT|BUSY|OOM|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM)\b/;
/** The server refused the command for now and did nothing. */
const NOT_NOW = new Set(['LOADING', 'CLUSTERDOWN', 'TRYAGAIN', 'BUSY']);
/** Another server has taken over, or this connection is no longer authenticated: the server did nothing. */
const NOT_HERE = new Set(['READONLY', 'MASTERDOWN', 'NOAUTH']);

export const isNotHere = (failure: unknown): boolean => NOT_HERE.has(codeOf(failure));

/** Whether the command was refused in a temporary state, so that it may be retried. */
export const mayPass = (failure: unknown): boolean => isNotHere(failure) || NOT_NOW.has(codeOf(failure));

export function codeOf(failure: unknown): string {
  if (failure instanceof RedisError) return failure.code;
  if (!(failure instanceof Error)) return 'UNKNOWN';
  const { code } = failure as { code?: unknown };
  if (typeof code === 'string') return code;
  if (isTimeout(failure)) return 'TIMEOUT';
  if (isLost(failure)) return 'CLOSED';
  const [found] = REPLY_CODES.exec(failure.message) ?? /\b[A-Z]{3,}\b/.exec(failure.message) ?? [];
  return found ?? failure.name;
}

/** Redis quotes the arguments of an unknown command, and the argument of `AUTH` is the password. */
export function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error) || isTimeout(failure)) return 'no answer';
  if (isLost(failure)) return 'the connection was lost';
  const message = failure.message.replace(/,? with args beginning with.*$/s, '');
  // A failed connection to several addresses of a name has a code and no message.
  return (message || codeOf(failure)).replace(/\.$/, '');
}

const isTimeout = ({ message }: Error): boolean => /timed out|timeout|ETIMEDOUT/i.test(message);
/** ioredis fails commands in flight so when the connection is lost. */
const isLost = ({ message }: Error): boolean =>
  /^Reached the max retries|^Connection is closed/.test(message);

/** Errors of ioredis contain the command. */
export function isAboutSelect(failure: unknown): boolean {
  return failure instanceof Error && 'command' in failure && nameOf(failure.command) === 'select';
}

const nameOf = (command: unknown): unknown =>
  typeof command === 'object' && command !== null && 'name' in command ? command.name : undefined;
