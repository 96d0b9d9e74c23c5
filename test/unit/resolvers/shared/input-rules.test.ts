import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import { createContext } from '../../../../src/resolvers/context.ts';
import { createEvents } from '../../../../src/observability/events.ts';
import { StatusWatcher } from '../../../../src/watching/status-watcher.ts';
import { openIdempotency } from '../../../../src/idempotency/idempotency.ts';
import { createDossier } from '../../../../src/resolvers/mutations/create-dossier.ts';
import { createSignatureRequest } from '../../../../src/resolvers/mutations/create-signature-request.ts';
import type {
  AnchorInput,
  BoxInput,
  SignatureFieldInput,
} from '../../../../src/resolvers/shared/document-input.ts';
import { InvalidInputError } from '../../../../src/resolvers/errors/domain-errors.ts';
import { findSigner } from '../../../../src/resolvers/mutations/find-signer.ts';
import { markReady } from '../../../../src/resolvers/mutations/mark-ready.ts';
import { notifySigner } from '../../../../src/resolvers/mutations/notify-signer.ts';
import { uploadDocument } from '../../../../src/resolvers/mutations/upload-document.ts';
import { inspectDocument } from '../../../../src/resolvers/mutations/inspect-document.ts';
import { validateDocument } from '../../../../src/resolvers/mutations/validate-document.ts';
import { Inspector } from '../../../../src/inspection/inspector.ts';
import { BlockPool } from '../../../../src/uploads/block-pool.ts';
import { FileUpload } from '../../../../src/uploads/file-upload.ts';
import { ServiceClock } from '../../../../src/upstream/pipeline/service-clock.ts';
import { createStorage } from '../../../../src/upstream/storage/create-storage.ts';
import { NO_HOOKS } from '../../../../src/webhooks/webhooks.ts';
import { NO_PROXY } from '../../../../src/upstream/connect-through.ts';
import { ANCHOR } from './support-anchor.ts';

/** Thrown by the first action after the validation of the input. */
class Accepted extends Error {}
const accept = (): never => {
  throw new Accepted();
};

const upstream = { call: async () => accept(), close: async () => {} };
const events = createEvents();
const { idempotency: times, watching, inspection } = loadConfig({});
const context = createContext(
  {
    upstream,
    watcher: new StatusWatcher({ ...watching, client: upstream, events }),
    watching,
    storage: createStorage({ allowedHosts: [], proxyFor: NO_PROXY }).shared,
    blocks: new BlockPool(),
    inspector: new Inspector(inspection),
    idempotency: openIdempotency({
      redis: undefined,
      realm: 'http://service',
      times,
      clock: new ServiceClock(),
      events,
    }),
    finalRequests: undefined,
    events,
    webhooks: NO_HOOKS,
    lastCall: new AbortController().signal,
    limits: { maxUploadBytes: 100, uploadStallMs: 100, operationTimeoutMs: 1_000 },
  },
  { kind: 'none' },
  { headers: new Headers(), signal: new AbortController().signal },
);
const file = new FileUpload(async function* () {
  accept();
  yield Buffer.of(); // never: it is refused before its first byte
});

/** The mistakes in an input by path; empty if it is accepted. */
async function problemsOf(mutation: () => Promise<unknown>): Promise<Record<string, string>> {
  try {
    await mutation();
  } catch (error) {
    if (error instanceof Accepted) return {};
    if (!(error instanceof InvalidInputError)) throw error;
    expect(error.message).toBe(
      error.fieldErrors
        .map(({ path, message }) => `${path.join('.').replaceAll(/\.(\d+)/g, '[$1]')}: ${message}`)
        .join(' '),
    );
    return Object.fromEntries(error.fieldErrors.map(({ path, message }) => [path.join('.'), message]));
  }
  throw new Error('it was neither refused nor accepted');
}

const CLAUSE = { title: 'Firma del contratto', type: 'REQUIRED' } as const;
const BOX: BoxInput = { page: 0, x: 0, y: 0, width: 0, height: 0 };
const fieldOf = (change: Partial<SignatureFieldInput> = {}): SignatureFieldInput => ({
  clause: CLAUSE,
  position: { box: BOX },
  ...change,
});
const boxOf = (box: Partial<BoxInput>) => [fieldOf({ position: { box: { ...BOX, ...box } } })];
const document = { title: 'Contratto', fields: [fieldOf()] };
const dossier = { title: 'x', documents: [document] };
const request = { dossierId: 'd', signerId: '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11' };

const inDossier = (change: object) => () => createDossier(context, { ...dossier, ...change });
const inDocument = (change: object) => inDossier({ documents: [{ ...document, ...change }] });
const inFields = (fields: readonly SignatureFieldInput[]) => inDocument({ fields });
const inClause = (clause: Partial<SignatureFieldInput['clause']>) =>
  inFields([fieldOf({ clause: { ...CLAUSE, ...clause } })]);
const inAnchor = (change: Partial<AnchorInput>) => () =>
  inspectDocument(context, { file, anchors: [{ ...ANCHOR, ...change }] });
const inRequest = (change: object) => () => createSignatureRequest(context, { ...request, ...change });
const optional = fieldOf({ clause: { title: 'Facoltativa', type: 'OPTIONAL' } });
const target = { signatureRequestId: 'r', documentId: 'd' };
const OPTIONAL_ALONE =
  'At least one clause must not be optional: make one REQUIRED or UNFAIR, or leave the list of fields empty.';
const WAIT = 'The wait must be a whole number of seconds from 0 to 55.';
const PAST = 'The expiry must be in the future.';
const EMAIL = 'The support e-mail must be an address such as urp@example.it.';
const SIGNER = 'The signer must be the id that findSigner returns (a UUID), not a fiscal code.';

const NOW = Date.parse('2026-03-05T09:14:07.412Z');
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

const clauseTitle = (length: number): string =>
  `The title of the clause must have 5 to 79 characters; it has ${length}.`;
const documentTitle = (length: number): string =>
  `The title of the document must have 3 to 60 characters; it has ${length}.`;

/** Each rule at its limit: an input just over it with the message, and one just within it. */
test.each<[string, () => Promise<unknown>, string, string, () => Promise<unknown>]>([
  [
    'dossier without a title',
    inDossier({ title: '' }),
    'title',
    'The title of the dossier must not be empty.',
    inDossier({ title: 'x' }),
  ],
  [
    'dossier without documents',
    inDossier({ documents: [] }),
    'documents',
    'There must be at least one document.',
    inDossier({ documents: [document] }),
  ],
  [
    'support e-mail',
    inDossier({ supportEmail: '' }),
    'supportEmail',
    EMAIL,
    inDossier({ supportEmail: null }),
  ],
  [
    'support e-mail with a name',
    inDossier({ supportEmail: 'URP <urp@example.it>' }),
    'supportEmail',
    EMAIL,
    inDossier({ supportEmail: 'urp@example.it' }),
  ],
  [
    'short title of a document',
    inDocument({ title: 'ab' }),
    'documents.0.title',
    documentTitle(2),
    inDocument({ title: 'abc' }),
  ],
  [
    'long title of a document',
    inDocument({ title: 'x'.repeat(61) }),
    'documents.0.title',
    documentTitle(61),
    inDocument({ title: 'x'.repeat(60) }),
  ],
  [
    'title of a document, counted as the service counts',
    inDocument({ title: '😀' }),
    'documents.0.title',
    documentTitle(2),
    inDocument({ title: '😀a' }),
  ],
  [
    'short title of a clause',
    inClause({ title: 'abcd' }),
    'documents.0.fields.0.clause.title',
    clauseTitle(4),
    inClause({ title: 'abcde' }),
  ],
  [
    'long title of a clause',
    inClause({ title: 'x'.repeat(80) }),
    'documents.0.fields.0.clause.title',
    clauseTitle(80),
    inClause({ title: 'x'.repeat(79) }),
  ],
  [
    'only optional clauses',
    inFields([optional, optional]),
    'documents.0.fields',
    OPTIONAL_ALONE,
    inFields([optional, fieldOf({ clause: { title: 'Clausole', type: 'UNFAIR' } })]),
  ],
  [
    'no fields, which need no clause',
    inFields([optional]),
    'documents.0.fields',
    OPTIONAL_ALONE,
    inFields([]),
  ],
  [
    'name of a field in the PDF',
    inFields([fieldOf({ position: { uniqueName: '' } })]),
    'documents.0.fields.0.position.uniqueName',
    'The name of the signature field in the PDF must not be empty.',
    inFields([fieldOf({ position: { uniqueName: 'x' } })]),
  ],
  [
    'page',
    inFields(boxOf({ page: -1 })),
    'documents.0.fields.0.position.box.page',
    'The page (counted from 0) must not be negative.',
    inFields(boxOf({ page: 0 })),
  ],
  [
    'width',
    inFields(boxOf({ width: -0.01 })),
    'documents.0.fields.0.position.box.width',
    'The width of the box must not be negative.',
    inFields(boxOf({ width: 0, x: -1 })),
  ],
  [
    'height',
    inFields(boxOf({ height: -0.01 })),
    'documents.0.fields.0.position.box.height',
    'The height of the box must not be negative.',
    inFields(boxOf({ height: 0, y: -1 })),
  ],
  [
    'anchor without a file',
    inFields([fieldOf({ position: { anchor: ANCHOR } })]),
    'documents.0.fields.0.position.anchor',
    'This mutation has no file in which to find the text. Use requestSignature, which finds it, or call inspectDocument with this anchor and set position.box to the fieldBox of its match.',
    inFields([fieldOf({ position: { anchor: null, box: BOX } })]),
  ],
  [
    'text of an anchor',
    inAnchor({ text: 'x'.repeat(201) }),
    'anchors.0.text',
    'The text of the anchor must have 1 to 200 characters; it has 201.',
    inAnchor({ text: 'x'.repeat(200) }),
  ],
  [
    'invisible text of an anchor',
    inAnchor({ text: '\u00AD ' }),
    'anchors.0.text',
    'The text of the anchor must have at least one visible character.',
    inAnchor({ text: '.' }),
  ],
  [
    'lines of an anchor',
    inAnchor({ text: 'a\nb' }),
    'anchors.0.text',
    'The text of the anchor must be on one line.',
    inAnchor({ text: 'a\tb' }),
  ],
  [
    'occurrence of an anchor',
    inAnchor({ occurrence: 101 }),
    'anchors.0.occurrence',
    'The occurrence must be a whole number from 1 to 100.',
    inAnchor({ occurrence: 100 }),
  ],
  [
    'offset of an anchor',
    inAnchor({ offsetX: -14_401 }),
    'anchors.0.offsetX',
    'The horizontal offset is too small.',
    inAnchor({ offsetX: -14_400 }),
  ],
  [
    'height of an anchor',
    inAnchor({ height: -0.01 }),
    'anchors.0.height',
    'The height of the box must not be negative.',
    inAnchor({ height: 0 }),
  ],
  [
    'expiry',
    inRequest({ expiresAt: new Date(NOW) }),
    'expiresAt',
    PAST,
    inRequest({ expiresAt: new Date(NOW + 1) }),
  ],
  [
    'expiry long past',
    inRequest({ expiresAt: new Date(0) }),
    'expiresAt',
    PAST,
    inRequest({ expiresAt: null }),
  ],
  [
    'dossier of a request',
    inRequest({ dossierId: '' }),
    'dossierId',
    'The id of the dossier must not be empty.',
    inRequest({ dossierId: 'x' }),
  ],
  [
    'signer that is a fiscal code',
    inRequest({ signerId: 'SPNDNL80R13C555X' }),
    'signerId',
    SIGNER,
    inRequest({ signerId: '00000000-0000-0000-0000-000000000000' }),
  ],
  [
    'documents of a request',
    inRequest({ documents: [] }),
    'documents',
    'There must be at least one document.',
    inRequest({ documents: null }),
  ],
  [
    'title of a document of a request',
    inRequest({ documents: [document, { title: 'ab' }] }),
    'documents.1.title',
    documentTitle(2),
    inRequest({ documents: [document, { title: 'abc' }] }),
  ],
  [
    'fields of a PDF to be checked',
    () => validateDocument(context, { file, fields: [optional] }),
    'fields',
    OPTIONAL_ALONE,
    () => validateDocument(context, { file, fields: [] }),
  ],
  ...([uploadDocument, markReady, notifySigner] as const).flatMap((mutation) => {
    const wait = (waitSeconds: number) => () => mutation(context, { ...target, file, waitSeconds });
    return [
      [`negative wait of ${mutation.name}`, wait(-1), 'waitSeconds', WAIT, wait(0)],
      [`long wait of ${mutation.name}`, wait(56), 'waitSeconds', WAIT, wait(55)],
      [`half second of ${mutation.name}`, wait(0.5), 'waitSeconds', WAIT, wait(1)],
    ] satisfies [string, () => Promise<unknown>, string, string, () => Promise<unknown>][];
  }),
])('%s: just over the limit is refused, just within is sent', async (_, over, path, message, within) => {
  expect(await problemsOf(over)).toEqual({ [path]: message });
  expect(await problemsOf(within)).toEqual({});
});

const unseen = (name: string): string => `The title of the ${name} must have at least one visible character.`;

test.each([
  ['blanks', ' '],
  ['tabs', '\t'],
  ['line ends', '\r\n'],
  ['next lines', '\u0085'],
  ['no-break spaces', '\u00a0'],
  ['soft hyphens', '\u00ad'],
  ['controls', '\u0000\u007f\u009f'],
  ['typographic spaces', '\u2000\u2009\u200a\u202f\u205f'],
  ['line and paragraph separators', '\u2028\u2029'],
  ['ideographic spaces', '\u3000'],
  ['Ogham spaces', '\u1680'],
  ['Mongolian vowel separators', '\u180e'],
  ['Hangul fillers', '\u115f\u1160\u3164\uffa0'],
  ['Braille blanks', '\u2800'],
  ['no width', '\u200b\u200c\u200d\u2060\ufeff'],
  ['directional marks', '\u200e\u200f\u061c\u202a\u202e\u2066\u2069'],
  ['variations', '\ufe0f\u{e0100}'],
  ['tags', '\u{e0041}'],
])('a title that consists of %s is refused everywhere', async (_, characters) => {
  const title = characters.repeat(5);
  expect(await problemsOf(inDossier({ title }))).toEqual({ title: unseen('dossier') });
  expect(await problemsOf(inDocument({ title }))).toEqual({ 'documents.0.title': unseen('document') });
  expect(await problemsOf(inClause({ title }))).toEqual({
    'documents.0.fields.0.clause.title': unseen('clause'),
  });
  expect(await problemsOf(inRequest({ documents: [{ title }] }))).toEqual({
    'documents.0.title': unseen('document'),
  });
  const seen = `${characters}a${characters}bcde`;
  const all = {
    title: seen,
    documents: [{ title: seen, fields: [fieldOf({ clause: { ...CLAUSE, title: seen } })] }],
  };
  expect(await problemsOf(inDossier(all))).toEqual({});
});

test.each([
  'firma',
  '契約書の署名',
  'Ὅρκος',
  'عقود',
  '👩🏽‍⚖️👩🏽‍⚖️',
  '-----',
  '\u2801'.repeat(5),
  'e\u0301'.repeat(3),
])('the title %s is visible', async (title) => {
  expect(await problemsOf(inDossier({ title }))).toEqual({});
  expect(await problemsOf(inClause({ title: title.padEnd(5, 'x') }))).toEqual({});
});

test('the message has the path of each problem', async () => {
  const refused = inDossier({ title: '', documents: [document, { title: 'ab' }] });
  await expect(async () => refused()).rejects.toMatchObject({
    message: `title: The title of the dossier must not be empty. documents[1].title: ${documentTitle(2)}`,
  });
  expect(new InvalidInputError([{ path: [], message: 'It was refused.' }]).message).toBe('It was refused.');
});

const refusedCode = {
  fiscalCode:
    'The fiscal code must have 16 characters in upper case: 6 letters, 2 digits, month letter, 2 digits, letter, 3 digits, letter.',
};

test.each([
  ['as issued', 'SPNDNL80R13C555X', {}],
  ['for a woman', 'SPNDNL80R53C555X', {}],
  ['with one letter for a digit (omocodia)', 'SPNDNL80R13C55RX', {}],
  ['with letters for all seven digits', 'SPNDNLULRMPCRRRX', {}],
  ['with the first seven letters that represent digits', 'SPNDNLLMRNPCQRSX', {}],
  ['with the other letters that represent digits', 'SPNDNLTURVVCVVVX', {}],
  ['with a letter that does not represent a digit', 'SPNDNL80R13C55OX', refusedCode],
  ['with a letter that is not a month', 'SPNDNL80F13C555X', refusedCode],
  ['in lower case', 'spndnl80r13c555x', refusedCode],
  ['of 15 characters', 'SPNDNL80R13C555', refusedCode],
  ['of 17 characters', 'SPNDNL80R13C555XX', refusedCode],
  ['with a blank', ' SPNDNL80R13C555X', refusedCode],
  ['on two lines', 'SPNDNL80R13C555X\n', refusedCode],
  ['of a company', '12345678901', refusedCode],
  ['without anything', '', refusedCode],
])('a fiscal code %s', async (_, fiscalCode, problems) => {
  expect(await problemsOf(() => findSigner(context, { fiscalCode }))).toEqual(problems);
});

test('all problems are reported together', async () => {
  const fields = [
    fieldOf({ clause: { title: 'x', type: 'OPTIONAL' }, position: { box: { ...BOX, page: -1 } } }),
  ];
  const over = inRequest({
    dossierId: '',
    signerId: 'x',
    expiresAt: new Date(0),
    documents: [{ title: '', fields }],
  });
  expect(await problemsOf(over)).toEqual({
    dossierId: 'The id of the dossier must not be empty.',
    signerId: SIGNER,
    expiresAt: PAST,
    'documents.0.title': documentTitle(0),
    'documents.0.fields': OPTIONAL_ALONE,
    'documents.0.fields.0.clause.title': clauseTitle(1),
    'documents.0.fields.0.position.box.page': 'The page (counted from 0) must not be negative.',
  });
});
