import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import {
  decodeDocumentValidation,
  decodeDossier,
  decodeNotification,
  decodeSignatureRequest,
  decodeSignatureRequestPage,
  decodeSigner,
} from '../../../src/upstream/decode.ts';
import { UpstreamError } from '../../../src/upstream/failure.ts';
import { AnswerShapeError } from '../../../src/upstream/wire-object.ts';
import { SCHEMAS } from './support-answer-schemas.ts';

const RULES = { baseUrl: new URL('https://api.example/sign'), storageHosts: ['storage.example'] };

const text = fc.string();
const moment = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const field = fc.record({
  clause: fc.record({ title: text, type: text }),
  attrs: fc.oneof(
    fc.record({ unique_name: text }),
    fc.record({
      coordinates: fc.record({ x: number, y: number }),
      page: number,
      size: fc.record({ w: number, h: number }),
    }),
  ),
});
const metadata = fc.record(
  { title: text, signature_fields: fc.array(field, { maxLength: 2 }) },
  { requiredKeys: ['title'] },
);
const times = { created_at: moment, updated_at: moment };
const document = fc.record(
  {
    id: text,
    status: text,
    metadata,
    ...times,
    uploaded_at: moment,
    rejected_at: moment,
    reject_reason: text,
    url: fc.constantFrom('https://storage.example/a?sig=b', 'https://elsewhere.example/', 'no url', ''),
  },
  { requiredKeys: ['id', 'status', 'metadata', 'created_at', 'updated_at'] },
);
const summary = {
  id: text,
  dossier_id: text,
  signer_id: text,
  status: text,
  ...times,
  expires_at: moment,
};
const notification = fc.record({ io_message_id: text });
const request = fc.record(
  {
    ...summary,
    documents: fc.array(document, { maxLength: 2 }),
    notification,
    qr_code_url: fc.constantFrom('https://continua.io.pagopa.it/fci', 'https://elsewhere.example/', ''),
    signed_at: moment,
    rejected_at: moment,
    cancelled_at: moment,
    reject_reason: text,
  },
  {
    requiredKeys: [
      'id',
      'dossier_id',
      'signer_id',
      'status',
      'created_at',
      'updated_at',
      'expires_at',
      'documents',
    ],
  },
);
const dossier = fc.record(
  {
    id: text,
    title: text,
    support_email: text,
    documents_metadata: fc.array(metadata, { maxLength: 2 }),
    ...times,
  },
  { requiredKeys: ['id', 'title', 'documents_metadata', 'created_at', 'updated_at'] },
);
const validation = fc.record(
  { is_valid: fc.boolean(), violations: fc.array(text, { maxLength: 3 }) },
  { requiredKeys: ['is_valid'] },
);

/** What a broken or hostile service might put instead of a value, as JSON. */
const HOSTILE = [
  'null',
  'true',
  '0',
  '-0',
  '1e999',
  '-1e999',
  '""',
  '"x"',
  '"2026-13-45"',
  '"2026"',
  '"2026-06-30T23:59:59+02:00"',
  '"2026-02-31T24:00:00.000Z"',
  '"2026-06-30T23:59:60.000Z"',
  '"+012026-06-30T23:59:59.000Z"',
  '[]',
  '[null]',
  '{}',
  '[[]]',
  '{"length":1}',
  '{"__proto__":{"id":"x"}}',
  '{"constructor":null,"toString":1}',
];
interface Mutation {
  readonly at: number;
  /** JSON of the new value; undefined removes the property. */
  readonly value: string | undefined;
}
const mutations = fc.array(
  fc.record<Mutation>({ at: fc.nat(), value: fc.option(fc.constantFrom(...HOSTILE), { nil: undefined }) }),
  { maxLength: 4 },
);

/** Replaces values anywhere in an answer. */
function mutated(answer: unknown, changes: readonly Mutation[]): unknown {
  const root = { body: JSON.parse(JSON.stringify(answer)) as unknown };
  for (const { at, value } of changes) {
    const positions: (readonly [object, string])[] = [];
    const visit = (parent: object): void => {
      for (const [key, child] of Object.entries(parent)) {
        positions.push([parent, key]);
        if (typeof child === 'object' && child !== null) visit(child);
      }
    };
    visit(root);
    const [parent, key] = positions[at % positions.length] ?? [root, 'body'];
    if (value === undefined && Array.isArray(parent)) parent.splice(Number(key), 1);
    else if (value === undefined) Reflect.deleteProperty(parent, key);
    else Reflect.set(parent, key, JSON.parse(value));
  }
  return root.body;
}

interface Verdict {
  readonly model?: unknown;
  /** The paths of all issues, in order. */
  readonly issues?: readonly string[];
}

function verdictOf(decode: () => unknown): Verdict {
  try {
    return { model: decode() };
  } catch (error) {
    if (!(error instanceof AnswerShapeError)) throw error;
    return { issues: error.issues.map(({ path }) => path.join('.')) };
  }
}

function verdictOfSchema(schema: z.ZodType, body: unknown): Verdict {
  const { data, error } = schema.safeParse(body);
  return error === undefined ? { model: data } : { issues: error.issues.map(({ path }) => path.join('.')) };
}

const withoutUrls = (model: unknown): unknown =>
  JSON.parse(
    JSON.stringify(model, (key, value: unknown) =>
      key === 'url' || key === 'qrCodeUrl' ? undefined : value,
    ),
  );

test.each<[string, fc.Arbitrary<unknown>, z.ZodType, (body: unknown) => unknown]>([
  ['a dossier', dossier, SCHEMAS.dossier, decodeDossier],
  ['a signer', fc.record({ id: text }), SCHEMAS.signer, decodeSigner],
  ['a notification', notification, SCHEMAS.notification, decodeNotification],
  ['a validation', validation, SCHEMAS.documentValidation, decodeDocumentValidation],
])('%s, valid or not, is decoded as by its schema', (_, answers, schema, decode) => {
  fc.assert(
    fc.property(answers, mutations, (answer, changes) => {
      const body = mutated(answer, changes);
      expect(verdictOf(() => decode(body))).toStrictEqual(verdictOfSchema(schema, body));
    }),
    { numRuns: 500 },
  );
});

test('a signature request, valid or not, is decoded as by its schema, apart from its URLs', () => {
  fc.assert(
    fc.property(request, mutations, (answer, changes) => {
      const body = mutated(answer, changes);
      const seen = verdictOf(() => decodeSignatureRequest(body, RULES));
      const expected = verdictOfSchema(SCHEMAS.signatureRequest, body);
      expect(seen.issues).toEqual(expected.issues);
      if (expected.issues === undefined)
        expect(withoutUrls(seen.model)).toStrictEqual(withoutUrls(expected.model));
    }),
    { numRuns: 1_000 },
  );
});

test('each item of a page, valid or not, is decoded as by its schema, and a wrong one replaced by its failure', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.record(summary), mutations), { maxLength: 5 }), (listed) => {
      const items = listed.map(([item, changes]) => mutated(item, changes) ?? null);
      const page = decodeSignatureRequestPage({ items, continuation_token: null });
      expect(page.continuationToken).toBeUndefined();
      const verdicts = page.items.map((item) =>
        verdictOf(() => {
          if (item instanceof UpstreamError) throw item.cause;
          return item;
        }),
      );
      expect(verdicts).toStrictEqual(
        items.map((item) => verdictOfSchema(SCHEMAS.signatureRequestSummary, item)),
      );
    }),
    { numRuns: 500 },
  );
});

test.each<unknown>([undefined, null, [], 'text', 1, { items: 1 }, { items: {} }, {}])(
  'a page without a list of items is refused: %j',
  (body) => {
    expect(() => decodeSignatureRequestPage(body)).toThrow(AnswerShapeError);
  },
);
