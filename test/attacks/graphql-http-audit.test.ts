import { serverAudits } from 'graphql-http';
import { expect, test } from 'vitest';
import type { Protections } from '../../src/plugins/protections.ts';
import { startGateway } from '../support/start-gateway.ts';

/** All but two: four audits ask for the schema, and nearly all send operations of their own. */
const EVERYTHING_ON: Partial<Protections> = {
  graphiql: false,
  introspection: true,
  trustedDocuments: undefined,
  suggestions: false,
  corsOrigins: ['https://portale.comune.example'],
  allowedHosts: ['firma.comune.example'],
  requestsPerMinute: 1_800,
};

test.each([
  ['as on a developer’s machine', {}],
  ['with the protections on', EVERYTHING_ON],
])('all 61 audits of GraphQL over HTTP pass %s', async (_, protections) => {
  const { url } = await startGateway({ protections });
  // As a page of the gateway itself sends it: the guard against other origins is on.
  const fetchFn = (address: string, init?: RequestInit): Promise<Response> =>
    fetch(address, { ...init, headers: { ...init?.headers, origin: new URL(url).origin } });
  const audits = serverAudits({ url, fetchFn });
  expect(audits).toHaveLength(61);
  const results = await Promise.all(audits.map((audit) => audit.fn()));
  const failed = results.filter(({ status }) => status !== 'ok');
  expect(failed.map(({ name, ...rest }) => ({ name, reason: 'reason' in rest ? rest.reason : '' }))).toEqual(
    [],
  );
});
