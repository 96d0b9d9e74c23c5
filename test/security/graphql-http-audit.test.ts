import { serverAudits } from 'graphql-http';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';

/**
 * A production configuration with two exceptions: introspection is on, because five audits need it, and trusted documents are
 * off, because the audits send their own operations.
 */
const PRODUCTION = loadConfig({
  NODE_ENV: 'production',
  FIRMA_API_KEY: 'a-key',
  AUTH: 'none',
  INTROSPECTION: 'on',
  CORS_ORIGINS: 'https://portale.comune.example',
  ALLOWED_HOSTS: 'firma.comune.example',
});

interface Way {
  readonly options: GatewayOverrides;
  readonly headers: Readonly<Record<string, string>>;
}

const WAYS: readonly [name: string, make: () => Promise<Way> | Way][] = [
  ['with the defaults of a developer’s machine', () => ({ options: {}, headers: {} })],
  [
    'in production',
    () => ({ options: { protections: PRODUCTION.protections, load: PRODUCTION.load }, headers: {} }),
  ],
  [
    'in production, with tokens',
    async () => {
      const issuer = await startTokenIssuer();
      return {
        options: {
          protections: PRODUCTION.protections,
          load: PRODUCTION.load,
          auth: jwtOptions(issuer.url),
        },
        headers: { authorization: `Bearer ${await issuer.sign({ role: 'operator' })}` },
      };
    },
  ],
];

test.each(WAYS)('all 61 audits of GraphQL over HTTP pass %s', async (_, make) => {
  const { options, headers } = await make();
  const { url } = await startGateway(options);
  // With the Origin of the gateway's own page, because the check of origins is on.
  const fetchFn = (address: string, init?: RequestInit): Promise<Response> =>
    fetch(address, { ...init, headers: { ...init?.headers, origin: new URL(url).origin, ...headers } });
  const audits = serverAudits({ url, fetchFn });
  expect(audits).toHaveLength(61);
  const results = await Promise.all(audits.map((audit) => audit.fn()));
  const failed = results.filter(({ status }) => status !== 'ok');
  expect(failed.map(({ name, ...rest }) => ({ name, reason: 'reason' in rest ? rest.reason : '' }))).toEqual(
    [],
  );
});
