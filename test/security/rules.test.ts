import { printSchema } from 'graphql';
import { createSchema } from 'graphql-yoga';
import { describe, expect, test } from 'vitest';
import { rolesByField, requireScopes } from '../../src/schema/scopes.ts';
import { schema } from '../../src/schema/index.ts';
import { callerAt, withToken } from '../support/caller.ts';
import { logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';

const SDL = `
  type Query { paper(id: ID!): Paper }
  type Mutation { burn(id: ID!): BurnResult }
  type Subscription { paperChanged: Paper }
  union BurnResult = BurnPayload
  type BurnPayload { paper: Paper }
  type Paper { id: ID!  title: String!  pages(first: Int): PageConnection!  owner: Person  folder: Folder }
  type PageConnection { nodes: [Page!]! }
  type Page { text: String!  nextPaper: Paper }
  type Person { name: String! }
  type Folder { contents: FolderContents }
  union FolderContents = Paper | Person
`;

/** A schema with rules for these fields. */
function schemaWith(rules: Readonly<Record<string, object>>) {
  const made = createSchema({ typeDefs: SDL });
  for (const [place, scopes] of Object.entries(rules)) {
    const [type = '', field = ''] = place.split('.');
    const found = made.getType(type);
    const target = found !== undefined && 'getFields' in found ? found.getFields()[field] : undefined;
    if (target === undefined) throw new TypeError(`there is no ${place}`);
    target.extensions = { pothosOptions: { scopes } };
  }
  return made;
}

const OPERATOR = { operator: true };
const ALL = {
  'Query.paper': OPERATOR,
  'Mutation.burn': OPERATOR,
  'Subscription.paperChanged': OPERATOR,
  'Paper.pages': OPERATOR,
  'Paper.folder': OPERATOR,
};

describe('the gateway does not start with a field', () => {
  test('unless every field has a rule', () => {
    expect(() => requireScopes(schemaWith(ALL))).not.toThrow();
  });

  test.each(Object.keys(ALL))('without a rule for %s', (field) => {
    const rules = Object.fromEntries(Object.entries(ALL).filter(([name]) => name !== field));
    expect(() => requireScopes(schemaWith(rules))).toThrow(
      new TypeError(`add scopes, at least for operators, to ${field}`),
    );
  });

  test.each([
    ['without roles', {}],
    ['without operators', { reader: true, citizen: true }],
    ['that denies operators', { operator: false }],
    ['of an unknown form', { $any: { operator: true } }],
  ])('with a rule %s', (_, rule) => {
    expect(() => requireScopes(schemaWith({ ...ALL, 'Query.paper': rule }))).toThrow('Query.paper');
  });

  test('and the error names every field without a rule', () => {
    expect(() => requireScopes(schemaWith({}))).toThrow(
      `add scopes, at least for operators, to ${Object.keys(ALL).join(', ')}`,
    );
  });
});

test('the nested fields with a rule are Dossier.signatureRequests and SignatureRequest.dossier', () => {
  const nested = [...rolesByField(schema).keys()].filter(
    (field) => !/^(Query|Mutation|Subscription)\./.test(field),
  );
  expect(nested.toSorted()).toEqual(['Dossier.signatureRequests', 'SignatureRequest.dossier']);
});

test('the printed schema does not contain the rules', () => {
  expect(printSchema(schema)).not.toMatch(/scopes|operator: true/);
});

test('the log has the reason of a refusal, with names of rules and claims only', async () => {
  const issuer = await startTokenIssuer();
  const logs = logSink();
  const { url } = await startGateway({ auth: jwtOptions(issuer.url), logger: logs.logger });
  const ask = async (claims: object): Promise<number> =>
    (await callerAt(url, withToken(await issuer.sign({ sub: 's3cret', ...claims }))).ask('{ __typename }'))
      .status;
  expect(await ask({ aud: 's3cret' })).toBe(401);
  expect(await ask({ exp: 1 })).toBe(401);
  expect(await ask({ role: 's3cret' })).toBe(403);
  expect(await ask({ role: 'citizen', fiscal_code: 's3cret' })).toBe(403);
  expect((await callerAt(url).ask('{ __typename }')).status).toBe(401);
  for (const authorization of ['Basic s3cret', 'Bearer s3cret s3cret', 'Bearer s3cret'])
    expect((await callerAt(url, { authorization }).ask('{ __typename }')).status).toBe(401);
  const refusals = logs.lines().filter(({ msg }) => msg === 'a caller was refused');
  expect(refusals.map(({ level, failure, reason }) => [level, failure, reason])).toEqual([
    [30, 'invalid', 'ERR_JWT_CLAIM_VALIDATION_FAILED: aud'],
    [30, 'invalid', 'ERR_JWT_EXPIRED: exp'],
    [40, 'no-rights', 'claim role'],
    [40, 'no-rights', 'claim fiscal_code'],
    [30, 'missing', 'no Authorization header'],
    [30, 'missing', 'the scheme of Authorization is not Bearer'],
    [30, 'invalid', 'Authorization does not have the form Bearer <token>'],
    [30, 'invalid', 'ERR_JWS_INVALID'],
  ]);
  expect(JSON.stringify(logs.lines())).not.toMatch(/s3cret|eyJ/);
});
