import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config/load.ts';

export const KEY = { FIRMA_API_KEY: 'k3y-that-is-secret', AUTH: 'none' };

export function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'key'), content);
  return join(folder, 'key');
}

/** The lines of the message below its title. */
export function mistakesOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain(KEY.FIRMA_API_KEY);
    const [title, ...lines] = error.message.split('\n');
    expect(title).toBe('Invalid configuration:');
    return lines.map((line) => line.trim());
  }
  throw new Error('it can be used');
}

export const LEVELS = 'must be one of fatal, error, warn, info, debug, trace, silent';
export const HOSTS = 'must be comma-separated host names, or origins such as http://127.0.0.1:10000';
export const PROXY = 'must be the http or https URL of a proxy, with percent-encoded credentials';
export const ALONE = 'must be the key only, without spaces and line breaks';
export const EMPTY = 'must not be empty';
/** A variable that is set to nothing is called empty. */
export const said = (value: string, message: string): string =>
  value === '' && message !== EMPTY ? `is empty and ${message}` : message;
export const range = (least: number, most: number): string => `must be a whole number, ${least} to ${most}`;

export const JWT = {
  AUTH: 'jwt',
  AUTH_JWKS_URL: 'https://login.comune.example.it/keys',
  AUTH_ISSUER: 'https://login.comune.example.it',
  AUTH_AUDIENCE: 'sigillo',
};

export const OWNERS = JSON.stringify({ ['a'.repeat(64)]: { name: 'back office', role: 'operator' } });
export const TENANTS = JSON.stringify({ alfa: { apiKey: KEY.FIRMA_API_KEY } });
