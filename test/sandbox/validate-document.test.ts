import { describe, expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { badRequest, invalid, shown, success } from './support-answers.ts';
import { FIELD, issuerOf, sandboxForTest } from './support-issuer.ts';

const PDF = { disposition: 'form-data; name="a"; filename="a.pdf"', type: 'application/pdf' };
const JSON_PART = { disposition: 'form-data; name="b"; filename="b.json"', type: 'application/json' };
/** The type that curl sends for an unknown file type. */
const OCTETS = { ...JSON_PART, type: 'application/octet-stream' };
const CHARSET = { ...JSON_PART, type: 'application/json; charset=utf-8' };
const missingFiles = badRequest(
  'missing files: the pdf document to be validated and a json document containing the signature fields',
);
const VALID = success(200, { is_valid: true });

interface RawPart {
  readonly lines: readonly string[];
  readonly data: Uint8Array;
}

function multipart(parts: readonly RawPart[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ lines, data }) => [
      Buffer.from(`--XX\r\n${lines.join('\r\n')}\r\n\r\n`),
      data,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('--XX--\r\n'),
  ]);
}

function part({ disposition, type }: typeof PDF, data: Uint8Array): RawPart {
  return { lines: [`Content-Disposition: ${disposition}`, `Content-Type: ${type}`], data };
}

async function validate(parts: readonly RawPart[], contentType = 'multipart/form-data; boundary=XX') {
  const sandbox = await sandboxForTest();
  const answer = await issuerOf(sandbox).call('POST', '/validate-document', multipart(parts), {
    'content-type': contentType,
  });
  const warnings = sandbox.journal.entries().flatMap((entry) => entry.violations.request);
  return { answer, violations: sandbox.takeViolations(), warnings };
}

const fields = (...list: unknown[]) => Buffer.from(JSON.stringify(list));

describe('validate-document reads', () => {
  // Conforms (validate-document, service): One PDF, or a PDF and a JSON part in any order, with any names.
  test.each([
    ['a PDF alone', async () => [part(PDF, await makePdf())]],
    ['a PDF and its fields', async () => [part(PDF, await makePdf()), part(JSON_PART, fields(FIELD))]],
    ['the fields first', async () => [part(JSON_PART, fields(FIELD)), part(PDF, await makePdf())]],
    [
      'a file of 1 MiB with line ends in it',
      async () => [part(PDF, await makePdf({ padToBytes: 1_048_576 }))],
    ],
  ])('%s', async (_, parts) => {
    const { answer, violations } = await validate(await parts());
    expect(shown(answer)).toEqual(VALID);
    expect(violations).toEqual([]);
  });

  test('the FormData of Node with typed Blobs', async () => {
    const form = new FormData();
    form.append('document', new Blob([await makePdf()], { type: 'application/pdf' }), 'a.pdf');
    form.append('fields', new Blob([fields(FIELD)], { type: 'application/json' }), 'f.json');
    const issuer = issuerOf(await sandboxForTest());
    expect(shown(await issuer.call('POST', '/validate-document', form))).toEqual(VALID);
  });
});

describe('validate-document reports missing files for', () => {
  // Conforms (validate-document, service): A first part that is neither the PDF nor its fields, a missing or unquoted
  // filename, swapped or further header lines are a 400.
  test.each([
    ['a charset on the fields, which come first', [CHARSET, PDF]],
    ['fields of another type, which come first', [OCTETS, PDF]],
    ['no filename', [{ ...PDF, disposition: 'form-data; name="a"' }]],
    ['an unquoted filename', [{ ...PDF, disposition: 'form-data; name="a"; filename=a.pdf' }]],
    ['another type', [{ ...PDF, type: 'application/octet-stream' }]],
    ['fields alone', [JSON_PART]],
    ['fields twice before the PDF', [JSON_PART, JSON_PART, PDF]],
    ['a filename with an equals sign', [{ ...PDF, disposition: 'form-data; name="a"; filename="a=b.pdf"' }]],
    ['nothing', []],
  ])('%s', async (_, headers) => {
    const file = await makePdf();
    const { answer, violations } = await validate(headers.map((header) => part(header, file)));
    expect(shown(answer)).toEqual(missingFiles);
    expect(violations).toMatchObject([{ direction: 'request', operationId: 'validateDocument' }]);
  });

  test.each([
    [
      'the two header lines in the other order',
      ['Content-Type: application/pdf', `Content-Disposition: ${PDF.disposition}`],
    ],
    [
      'a length between the two lines',
      [`Content-Disposition: ${PDF.disposition}`, 'Content-Length: 9', 'Content-Type: application/pdf'],
    ],
  ])('%s', async (_, lines) => {
    const { answer } = await validate([{ lines, data: await makePdf() }]);
    expect(shown(answer)).toEqual(missingFiles);
  });

  // Conforms (validate-document, service): A quoted boundary is a 400.
  test('a quoted boundary', async () => {
    const { answer } = await validate([part(PDF, await makePdf())], 'multipart/form-data; boundary="XX"');
    expect(shown(answer)).toEqual(missingFiles);
  });

  // Conforms (validate-document, service): Another multipart type, and capitals in the type, are a 400.
  test.each([
    'multipart/mixed; boundary=XX',
    'multipart/related; boundary=XX',
    'Multipart/Form-Data; boundary=XX',
    'multipart/form-data',
    'multipart/form-data; boundary',
    'application/pdf',
  ])('the content type %s', async (contentType) => {
    const { answer, violations } = await validate([part(PDF, await makePdf())], contentType);
    expect(shown(answer)).toEqual(missingFiles);
    expect(violations).toMatchObject([{ direction: 'request', operationId: 'validateDocument' }]);
  });

  test('a JSON body', async () => {
    const sandbox = await sandboxForTest();
    expect(shown(await issuerOf(sandbox).call('POST', '/validate-document', { a: 1 }))).toEqual(missingFiles);
    sandbox.takeViolations();
  });
});

describe('after the PDF', () => {
  const tooFar = fields({ ...FIELD, attrs: { ...FIELD.attrs, page: 3 } });

  // Conforms (validate-document, service): A second part that is not of exactly the type application/json is ignored
  // silently, and so are fields after it: the PDF is valid.
  test.each([
    ['fields of the type that curl sends', [OCTETS]],
    ['fields with a charset', [CHARSET]],
    ['fields of a type in capitals', [{ ...JSON_PART, type: 'Application/JSON' }]],
    ['fields of a type like it', [{ ...JSON_PART, type: 'application/problem+json' }]],
    ['a second PDF', [PDF]],
    ['a second PDF before the fields', [PDF, JSON_PART]],
    ['fields of the wrong type before valid ones', [OCTETS, JSON_PART]],
  ])('%s are ignored, and the journal warns', async (_, headers) => {
    const parts = [part(PDF, await makePdf()), ...headers.map((header) => part(header, tooFar))];
    const { answer, violations, warnings } = await validate(parts);
    expect(shown(answer)).toEqual(VALID);
    expect(warnings).toEqual([expect.stringMatching(/^body: fields were ignored: /)]);
    expect(violations).toMatchObject([{ direction: 'request', messages: warnings }]);
    expect(answer.headers.get('x-sandbox-violations')).toContain('fields were ignored');
  });

  // Conforms (validate-document, service): Further parts after the PDF and its fields are ignored.
  test.each([
    ['a third part', [PDF, JSON_PART, OCTETS]],
    ['a third part, the fields first', [JSON_PART, PDF, PDF]],
    ['fields twice', [PDF, JSON_PART, JSON_PART]],
  ])('%s is ignored, and the journal warns', async (_, headers) => {
    const file = await makePdf();
    const { answer, warnings } = await validate(
      headers.map((header) => part(header, header === PDF ? file : tooFar)),
    );
    expect(shown(answer)).toMatchObject({ status: 200, body: { is_valid: false } });
    expect(warnings).toEqual(['body: parts were ignored: only the first two are read']);
  });
});

// Conforms (validate-document, service): A third header line shifts the file: 200 with is_valid false.
test('shifts the file by a line when a part has a third header line', async () => {
  const lines = [
    `Content-Disposition: ${PDF.disposition}`,
    'Content-Type: application/pdf',
    'Content-Length: 9',
  ];
  const { answer } = await validate([{ lines, data: await makePdf() }]);
  const violations = ['the uploaded document has an invalid file signature (not a valid PDF)'];
  expect(shown(answer)).toEqual(success(200, { is_valid: false, violations }));
});

// Conforms (validate-document, service): Fields that do not fit are listed one by one, with the exact text of the service.
test('lists every field that does not fit', async () => {
  const box = { ...FIELD, attrs: { ...FIELD.attrs, page: 3 } };
  const named = {
    clause: { title: 'Clausole vessatorie', type: 'UNFAIR' },
    attrs: { unique_name: 'Signature2' },
  };
  const { answer } = await validate([part(PDF, await makePdf()), part(JSON_PART, fields(box, named))]);
  const violations = [
    '(Firma del contratto) incompatible coordinates: unable to find page 3 in the uploaded document',
    '(Clausole vessatorie) the field "Signature2" was not found is the uploaded document',
  ];
  expect(shown(answer)).toEqual(success(200, { is_valid: false, violations }));
});

// Conforms (validate-document, service): Fields that are not JSON are a 400, invalid fields a 422.
test('answers 400 for fields that are not JSON and 422 for fields that break a rule', async () => {
  const file = part(PDF, await makePdf());
  const { answer: notJson } = await validate([file, part(JSON_PART, Buffer.from('[{'))]);
  expect(shown(notJson)).toEqual(
    badRequest('unable to get the signature fields: the given file is not a valid json file'),
  );
  const optional = { ...FIELD, clause: { ...FIELD.clause, type: 'OPTIONAL' } };
  for (const list of [[{}], [optional]]) {
    const { answer } = await validate([file, part(JSON_PART, fields(...list))]);
    expect(shown(answer)).toEqual(
      invalid(expect.arrayContaining([expect.stringMatching(/^Invalid value /)])),
    );
  }
});

// Conforms (validate-document, service): A line end in the title of a clause splits its violation in two.
test('splits a violation at a line end in the title of its clause', async () => {
  const box = { clause: { title: 'Firma\ndel contratto', type: 'REQUIRED' }, attrs: { unique_name: 'S' } };
  const { answer } = await validate([part(PDF, await makePdf()), part(JSON_PART, fields(box))]);
  const violations = ['(Firma', 'del contratto) the field "S" was not found is the uploaded document'];
  expect(shown(answer)).toEqual(success(200, { is_valid: false, violations }));
});

// Conforms (validate-document, service): Violations of fields have exactly the text of the service, with another path than in
// a dossier.
test('reports violations of fields as the service does', async () => {
  const list = 'Array<pipe(Exact<SignatureField>, SignatureFieldFromApiModel)>';
  const file = part(PDF, await makePdf());
  for (const [json, violations] of [
    ['{}', [`{} supplied to : ${list}`]],
    [
      '[null, 1]',
      ['null', '1'].map(
        (value, index) =>
          `${value} supplied to : ${list}/${index}: pipe(Exact<SignatureField>, SignatureFieldFromApiModel)`,
      ),
    ],
    [
      JSON.stringify([{ ...FIELD, attrs: { ...FIELD.attrs, unique_name: '' } }]),
      ['"" supplied to : non empty string'],
    ],
  ] as const) {
    const { answer } = await validate([file, part(JSON_PART, Buffer.from(json))]);
    expect(shown(answer)).toEqual(invalid(violations.map((violation) => `Invalid value ${violation}`)));
  }
});

// Conforms (validate-document, service): A number that is too large is infinite, and so fits no page.
test('checks a box at an infinite distance against the page', async () => {
  const box = JSON.stringify([{ ...FIELD, attrs: { ...FIELD.attrs, coordinates: { x: 1, y: 2 } } }]);
  const { answer } = await validate([
    part(PDF, await makePdf()),
    part(JSON_PART, Buffer.from(box.replace('"y":2', '"y":1e400'))),
  ]);
  const violations = [
    "(Firma del contratto) incompatible coordinates: they can't fit in the uploaded document",
  ];
  expect(shown(answer)).toEqual(success(200, { is_valid: false, violations }));
});

// Conforms (Errors, service): The fields of validate-document are the only JSON that must not begin with a byte order
// mark.
test('does not ignore a byte order mark before the fields', async () => {
  const { answer } = await validate([part(PDF, await makePdf()), part(JSON_PART, Buffer.from('\uFEFF[]'))]);
  expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/^unable to get/) } });
});
