import { expect, test } from 'vitest';
import { contentDisposition } from '../../../src/downloads/read-document.ts';

const inline = { isAttachment: false };

test.each([
  ['Contratto', 'filename=Contratto.pdf'],
  ['Contratto.PDF', 'filename=Contratto.pdf'],
  ['a/b\\c:d*e?f"g<h>i|j', 'filename="a b c d e f g h i j.pdf"'],
  ['../../etc/passwd', 'filename="etc passwd.pdf"'],
  ['.nascosto. ', 'filename=nascosto.pdf'],
  ['riga\r\nSet-Cookie: a=b', 'filename="riga Set-Cookie a=b.pdf"'],
  ['100% vero', 'filename="100 vero.pdf"'],
  // U+202E reverses the text after it: `exe.pdf` would be displayed as `fdp.exe`.
  ['fattura\u202Efdp.exe', 'filename="fattura fdp.exe.pdf"'],
  ['', 'filename=document.pdf'],
  ['...', 'filename=document.pdf'],
  ['è', `filename=e.pdf; filename*=UTF-8''%C3%A8.pdf`],
  ["l'atto (è)", `filename="l'atto (e).pdf"; filename*=UTF-8''l%27atto%20%28%C3%A8%29.pdf`],
  ['😀', `filename=_.pdf; filename*=UTF-8''%F0%9F%98%80.pdf`],
  ['\uD800x', 'filename=x.pdf'],
  ['x'.repeat(500), `filename=${'x'.repeat(60)}.pdf`],
])('the title %j gives %s', (title, expected) => {
  expect(contentDisposition(title, inline)).toBe(`inline; ${expected}`);
});

test('a download is an attachment', () => {
  expect(contentDisposition('x', { isAttachment: true })).toBe('attachment; filename=x.pdf');
});
