import type { IssuerKeys } from './upstream/clients.ts';

/** Where a gateway has its secrets from. */
interface SecretSources {
  readonly apiKey: IssuerKeys | undefined;
  readonly redisUrl?: URL | undefined;
}

/** What a gateway knows that nobody else may: no answer and no line of the log holds it, whatever else goes wrong. */
export function secretsOf({ apiKey, redisUrl }: SecretSources): string[] {
  const keys = typeof apiKey === 'string' ? [apiKey] : (apiKey?.values() ?? []);
  const password = decodeURIComponent(redisUrl?.password ?? '');
  return [...keys, password].filter((secret) => secret !== '');
}
