import { describe, expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { badRequest, invalid, shown, success } from './support-answers.ts';
import { FIELD, issuerOf, sandboxForTest } from './support-issuer.ts';

const PDF = { disposition: 'form-data; name="a"; filename="a.pdf"', type: 'application/pdf' };
const JSON_PART = { disposition: 'form-data; name="b"; filename="b.json"', type: 'application/json' };
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
  return { answer, violations: sandbox.takeViolations() };
}

const fields = (...list: unknown[]) => Buffer.from(JSON.stringify(list));

describe('validate-document reads', () => {
  // Conforms (validate-document, service): One PDF, or a PDF and a JSON part in any order, whatever their
  // names.
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

describe('validate-document misses its files with', () => {
  // Conforms (validate-document, service): A charset, a missing or unquoted filename, swapped or further header
  // lines are a 400.
  test.each([
    ['a charset on the fields', [PDF, { ...JSON_PART, type: 'application/json; charset=utf-8' }]],
    ['no filename', [{ ...PDF, disposition: 'form-data; name="a"' }]],
    ['an unquoted filename', [{ ...PDF, disposition: 'form-data; name="a"; filename=a.pdf' }]],
    ['another type', [{ ...PDF, type: 'application/octet-stream' }]],
    ['fields alone', [JSON_PART]],
    ['two PDF files', [PDF, PDF]],
    ['nothing', []],
  ])('%s', async (_, headers) => {
    const file = await makePdf();
    const { answer, violations } = await validate(headers.map((header) => part(header, file)));
    expect(shown(answer)).toEqual(missingFiles);
    expect(violations).toMatchObject([{ direction: 'request', operationId: 'validateDocument' }]);
  });

  test.each([
    [
      'the two header lines swapped',
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

  test('a JSON body', async () => {
    const sandbox = await sandboxForTest();
    expect(shown(await issuerOf(sandbox).call('POST', '/validate-document', { a: 1 }))).toEqual(missingFiles);
    sandbox.takeViolations();
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

// Conforms (validate-document, service): Fields that do not fit are listed one by one, word for word.
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

// Conforms (validate-document, service): Fields that are not JSON are a 400, fields that break a rule a 422.
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
