import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { FIELD, START, issuerOf, sandboxForTest } from './support-issuer.ts';
import type { Reply } from './support-issuer.ts';

// The contract must allow everything that the service accepts: no answer of the sandbox may violate it.

describe('a support address', () => {
  const document = [{ title: 'Contratto', signature_fields: [FIELD] }];
  const create = async (address: string) => {
    const sandbox = await sandboxForTest();
    const { status, body } = await issuerOf(sandbox).call('POST', '/dossiers', {
      title: 'Assunzione',
      support_email: address,
      documents_metadata: document,
    });
    return { status, body, violations: sandbox.takeViolations().map(({ direction }) => direction) };
  };

  // Conforms (Dossiers, service): Addresses with international domains and quoted local parts are accepted.
  test.each([
    'urp@example.it',
    'urp@città.it',
    'urp@xn--citt-ioa.it',
    'urp@comune.рф',
    'urp@comune.xn--p1ai',
    'urp@例え.テスト',
    '"ufficio relazioni"@example.it',
    '"a@b"@example.it',
    String.raw`"a\"b"@example.it`,
    '""@example.it',
    "o'brien+pec@a.b.example.it",
    'a.b/c=d!e@example.it',
  ])('%s is accepted', async (address) => {
    expect(await create(address)).toMatchObject({
      status: 201,
      body: { support_email: address },
      violations: [],
    });
  });

  test.each([
    'urp',
    'urp@',
    '@example.it',
    'urp@localhost',
    'urp@example.i',
    'città@example.it',
    'a b@example.it',
  ])('%s is refused', async (address) => {
    expect(await create(address)).toMatchObject({ status: 422 });
  });
});

test.each(['"\ud83d"@example.it', 'urp@\ude00.it'])(
  'an address with a lone surrogate, %j, is the 500 of the service',
  async (address) => {
    const sandbox = await sandboxForTest();
    const body = {
      title: 'Assunzione',
      support_email: address,
      documents_metadata: [{ title: 'Contratto' }],
    };
    expect(await issuerOf(sandbox).call('POST', '/dossiers', body)).toMatchObject({
      status: 500,
      body: { title: 'Internal Server Error', status: 500, detail: 'Something went wrong.' },
    });
    sandbox.takeViolations();
  },
);

/** Texts that are difficult for length checks, patterns and JSON. */
const text = (lengths: readonly number[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(
        fc.oneof(
          { weight: 6, arbitrary: fc.constantFrom('a', 'Z', '9', ' ', 'à') },
          fc.constantFrom(
            '😀',
            '\ud83d',
            '\ude00',
            '\u0000',
            '\n',
            '\u2028',
            '"',
            '\\',
            '<',
            '\u00a0',
            'e\u0301',
          ),
        ),
        { minLength: Math.max(...lengths), maxLength: Math.max(...lengths) },
      ),
      fc.constantFrom(...lengths),
    )
    .map(([characters, length]) => characters.join('').slice(0, length));

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, 0.1, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53, 1e21, -1),
);
/** Numbers that the service accepts as sizes and pages. */
const positive = number.map(Math.abs);

const attrs = fc.oneof(
  fc.record({ unique_name: text([1, 3]) }),
  fc.record(
    {
      coordinates: fc.record({ x: number, y: number }),
      page: positive,
      size: fc.record({ w: positive, h: positive }),
      unique_name: text([1, 2]),
    },
    { requiredKeys: ['coordinates', 'page', 'size'] },
  ),
);
const clause = fc.record({
  title: text([5, 6, 78, 79, 80]),
  type: fc.constantFrom('REQUIRED', 'UNFAIR', 'OPTIONAL'),
});
const documents = fc.array(
  fc.record(
    {
      title: text([3, 4, 59, 60]),
      signature_fields: fc.array(fc.record({ clause, attrs }), { maxLength: 3 }),
    },
    { requiredKeys: ['title'] },
  ),
  { minLength: 1, maxLength: 3 },
);
const address = fc.oneof(
  fc.emailAddress(),
  fc
    .tuple(
      fc.oneof(
        fc.constantFrom('urp', 'a.b', "o'b"),
        text([0, 2, 5]).map((local) => `"${local}"`),
      ),
      fc.oneof(
        fc.domain(),
        fc.constantFrom('città.it', 'a_b.it', 'xn--p1ai.xn--p1ai', 'a\u3000b.it', '😀.it'),
      ),
    )
    .map((parts) => parts.join('@')),
);
const expiry = fc.oneof(
  fc
    .date({ min: START, max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    .map((at) => at.toISOString()),
  fc
    .tuple(
      fc.constantFrom(
        '2026-12-31T23:59:59',
        '2027-02-31T10:00:00',
        '9999-12-31T23:59:59',
        '2027-01-01T24:00:00',
      ),
      fc.constantFrom('', '.1', '.123456789'),
      fc.constantFrom('', 'Z', '+14:00', '-23:59', '+23:59'),
    )
    .map((parts) => parts.join('')),
);
/** Members that the service drops. */
const extra = fc.record({ extra: fc.jsonValue(), constructor: fc.jsonValue() }, { requiredKeys: [] });
/** Sometimes replaces one member of a body with any value. */
const spoilt = (body: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.oneof(
    { weight: 3, arbitrary: body },
    fc.tuple(body, fc.nat(), fc.jsonValue()).map(([whole, at, value]) => {
      const names = Object.keys(whole);
      return { ...whole, [names[at % names.length] ?? 'x']: value };
    }),
  );

const dossierBody = spoilt(
  fc
    .tuple(
      fc.record(
        { title: text([1, 2, 3, 200]), support_email: address, documents_metadata: documents },
        { requiredKeys: ['title', 'documents_metadata'] },
      ),
      extra,
    )
    .map(([body, more]) => ({ ...more, ...body })),
);
const requestBody = spoilt(
  fc.record(
    { signer_id: text([1, 36]), expires_at: expiry, documents_metadata: documents },
    { requiredKeys: ['signer_id'] },
  ),
);

describe('for any input the answer is one of the contract', () => {
  let sandbox: Sandbox;
  let dossierId: string;
  beforeAll(async () => {
    sandbox = await startSandbox({ frozenAt: START, seed: 1, rateLimit: false });
    dossierId = await issuerOf(sandbox).createDossier();
  });
  afterAll(() => sandbox.close());

  const isId = (body: unknown): body is { id: string } =>
    typeof body === 'object' && body !== null && 'id' in body;

  /** Checks an answer against the contract: the sandbox itself reports its violations. */
  function check(reply: Reply): Reply {
    const violations = sandbox.takeViolations();
    // The contract also allows every accepted request.
    expect(violations.filter(({ direction }) => direction === 'response' || reply.status < 300)).toEqual([]);
    expect(JSON.stringify(reply.body)).not.toMatch(/violates the contract|The sandbox has a bug/);
    return reply;
  }
  const call = async (method: string, path: string, body?: unknown): Promise<Reply> =>
    check(await issuerOf(sandbox).call(method, path, body));

  const RUNS = { numRuns: 200, seed: 1 };

  test('of creating and reading a dossier', async () => {
    await fc.assert(
      fc.asyncProperty(dossierBody, async (sent) => {
        const { status, body } = await call('POST', '/dossiers', sent);
        if (status === 201 && isId(body)) {
          expect(await call('GET', `/dossiers/${body.id}`)).toMatchObject({ status: 200, body });
        }
      }),
      RUNS,
    );
  });

  test('of creating and reading a signature request', async () => {
    await fc.assert(
      fc.asyncProperty(requestBody, async (sent) => {
        const { status, body } = await call('POST', '/signature-requests', {
          dossier_id: dossierId,
          ...sent,
        });
        if (status === 201 && isId(body)) {
          expect(await call('GET', `/signature-requests/${body.id}`)).toMatchObject({ status: 200, body });
          for (const word of ['READY', 'CANCELLED'])
            await call('PUT', `/signature-requests/${body.id}/status`, word);
          await call('PUT', `/signature-requests/${body.id}/notification`);
        }
      }),
      RUNS,
    );
    const { status } = await call('GET', `/dossiers/${dossierId}/signature-requests?limit=100`);
    expect(status).toBe(200);
  });

  test.each([
    ['POST', '/dossiers'],
    ['POST', '/signers'],
    ['POST', '/signature-requests'],
    ['PUT', '/signature-requests/x/status'],
    ['PUT', '/signature-requests/x/notification'],
    ['POST', '/validate-document'],
  ])('for any JSON or text: %s %s', async (method, path) => {
    const body = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), text([0, 1, 20]));
    await fc.assert(
      fc.asyncProperty(body, async (sent) => void (await call(method, path, sent))),
      { numRuns: 50, seed: 1 },
    );
  });

  test('for any query of a list', async () => {
    const value = fc.oneof(
      text([0, 1, 5]),
      number.map(String),
      fc.constantFrom('25', '1e2', '0x1E', ' 30', '[]', '{}'),
    );
    const query = fc.record({ limit: value, continuationToken: value }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(query, async (sent) => {
        await call('GET', `/dossiers/${dossierId}/signature-requests?${new URLSearchParams(sent)}`);
      }),
      RUNS,
    );
  });
});
