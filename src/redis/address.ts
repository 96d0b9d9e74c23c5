export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** The location of Redis and the credentials for it. */
export interface RedisAddress {
  /** One server, several nodes of a cluster, or sentinels. */
  readonly nodes: readonly RedisNode[];
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Set when `nodes` are sentinels. */
  readonly sentinel: SentinelAddress | undefined;
}

export interface SentinelAddress {
  /** Name of the primary that the sentinels watch. */
  readonly primary: string;
  /** Credentials of the sentinels, which are separate from those of Redis. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export const REDIS_URL_FORM =
  'must be redis://host:port/database, redis://host:port,host:port for the nodes of a cluster, or redis+sentinel://host:port,host:port/name/database; rediss instead of redis for TLS';

const FORM = /^(redis|rediss)(\+sentinel)?:\/\/([^/?#]*@)?([^/?#@]+)([^#]*)$/i;
const SERVER_PATH = /^\/?(?<database>\d*)$/;
const SENTINEL_PATH = /^\/(?<primary>[^/]+)(?:\/(?<database>\d*))?$/;
const SENTINEL_PARAMETERS = ['sentinelUsername', 'sentinelPassword'];

/** @returns undefined when the text is not a valid `REDIS_URL`. */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const [, scheme = '', plus, userInfo = '', hosts = '', rest = ''] = FORM.exec(text) ?? [];
  const isSentinel = plus !== undefined;
  // The URL standard permits one host, so each node is parsed as if it were the only one.
  const urls = hosts.split(',').map((host) => URL.parse(`redis://${userInfo}${host}${rest}`));
  const [url] = urls;
  if (url == null || urls.some((each) => each === null || each.hostname === '')) return undefined;
  const path = (isSentinel ? SENTINEL_PATH : SERVER_PATH).exec(url.pathname)?.groups;
  const known = isSentinel ? SENTINEL_PARAMETERS : [];
  if (path === undefined || [...url.searchParams.keys()].some((name) => !known.includes(name)))
    return undefined;
  try {
    const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    const [sentinelUsername, sentinelPassword] = SENTINEL_PARAMETERS.map((name) =>
      url.searchParams.get(name),
    );
    return {
      nodes: urls.flatMap((each) => (each === null ? [] : nodeOf(each, isSentinel ? 26_379 : 6_379))),
      isTls: scheme.toLowerCase() === 'rediss',
      username: username || undefined,
      password: password || undefined,
      database: Number(path['database'] ?? 0),
      sentinel: isSentinel
        ? {
            primary: decodeURIComponent(path['primary'] ?? ''),
            username: sentinelUsername ?? undefined,
            password: sentinelPassword ?? undefined,
          }
        : undefined,
    };
  } catch {
    return undefined; // an invalid percent-encoding
  }
}

function nodeOf({ hostname, port }: URL, defaultPort: number): RedisNode {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || defaultPort) };
}
