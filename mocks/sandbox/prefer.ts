/** What a `Prefer` header asks of Prism: an answer from the contract instead of from the sandbox's state. */
export interface Preference {
  readonly code?: number;
  readonly exampleKey?: string;
  readonly dynamic: boolean;
  readonly seed?: string;
}

/**
 * Reads `Prefer: code=404, example=name, dynamic=true, seed=42`. Undefined when none of these is there, so that other
 * preferences leave a call stateful.
 */
export function parsePrefer(header: string | undefined): Preference | undefined {
  const given = new Map<string, string>();
  for (const item of (header ?? '').split(/[,;]/)) {
    const [name = '', value = ''] = item.split('=', 2).map((part) => part.trim());
    given.set(name.toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  const [example, seed] = [given.get('example'), given.get('seed')];
  // A preference that makes no sense is no preference (RFC 7240, section 2).
  const code = /^\d{3}$/.test(given.get('code') ?? '') ? Number(given.get('code')) : undefined;
  const dynamic = given.get('dynamic') === 'true';
  if (code === undefined && example === undefined && !dynamic) return undefined;
  return {
    ...(code !== undefined && { code }),
    ...(example !== undefined && { exampleKey: example }),
    ...(seed !== undefined && { seed }),
    dynamic,
  };
}
