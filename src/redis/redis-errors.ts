/** Redis cannot be used when the gateway starts. The message says where and why, and holds no password. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

/** Redis did not carry out a command. The message holds no key, argument or password. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
  /** For logs and tests: `OOM`, `READONLY`, `ECONNREFUSED`, `TIMEOUT`. */
  readonly code: string;

  constructor(failure: unknown) {
    // Not as the cause: ioredis keeps the command and its arguments in its errors.
    super(reasonOf(failure));
    this.code = codeOf(failure);
  }
}

/**
 * Codes of replies. Older servers put those of a command that failed in a script behind the name of the script, and
 * ioredis behind the count of redirections.
 */
const REPLY_CODES =
  /\b(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|CROSSSLOT|BUSY|OOM|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM)\b/;
/** The server has the right data at another time: nothing was done. */
const NOT_NOW = new Set(['LOADING', 'CLUSTERDOWN', 'TRYAGAIN', 'BUSY']);
/** Another server has taken over, or this connection is no longer logged in: nothing was done. */
const NOT_HERE = new Set(['READONLY', 'MASTERDOWN', 'NOAUTH']);

export const isNotHere = (failure: unknown): boolean => NOT_HERE.has(codeOf(failure));

/** Whether the command was refused in a state that may pass, so that it may be sent again. */
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

/** Redis quotes the arguments of a command that it does not know: `AUTH` has the password there. */
export function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error) || isTimeout(failure)) return 'no answer';
  if (isLost(failure)) return 'the connection was lost';
  const message = failure.message.replace(/,? with args beginning with.*$/s, '');
  // An attempt at several addresses of a name has a code and no message.
  return (message || codeOf(failure)).replace(/\.$/, '');
}

const isTimeout = ({ message }: Error): boolean => /timed out|timeout|ETIMEDOUT/i.test(message);
/** What ioredis says of commands that were under way. */
const isLost = ({ message }: Error): boolean =>
  /^Reached the max retries|^Connection is closed/.test(message);

/** ioredis keeps the command in the error of its reply. */
export function isAboutSelect(failure: unknown): boolean {
  return failure instanceof Error && 'command' in failure && nameOf(failure.command) === 'select';
}

const nameOf = (command: unknown): unknown =>
  typeof command === 'object' && command !== null && 'name' in command ? command.name : undefined;
