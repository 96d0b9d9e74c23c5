import type { Draw } from './support-draw.ts';
import { authorization } from './support-requests.ts';
import type { WireRequest } from './support-requests.ts';
import { HOSTILE_TEXTS } from './support-values.ts';
import type { World } from './support-world.ts';

const RANGES = [
  'bytes=0-0',
  'bytes=-5',
  'bytes=5-',
  'bytes=9999999999-',
  'bytes=-0',
  'bytes=5-1',
  'bytes=0-1,3-4',
  'items=0-1',
  'bytes=',
  'bytes=a-b',
  'bytes=0-99999999999999999999999',
  'bytes= 0 - 1',
  `bytes=${'0-0,'.repeat(500)}1-1`,
];
const TAGS = ['*', '"x"', 'W/"x"', '"', '""', 'x', `"${'x'.repeat(5_000)}"`, '"a", "b"'];
const DATES = ['Tue, 24 Nov 2026 10:00:00 GMT', 'yesterday', '0', 'Tue, 99 Nov 2026 10:00:00 GMT', ''];

/** A request for a document, valid or nearly valid. */
export function download(draw: Draw, world: World): WireRequest {
  const method = draw.flaw(6)
    ? draw.one(['POST', 'PUT', 'OPTIONS', 'DELETE'])
    : draw.one(['GET', 'GET', 'HEAD']);
  const documents = draw.once(3) ? world.drafts : world.signed;
  const { signatureRequestId, documentId } = draw.one(
    world.foreign.length > 0 && draw.once(5) ? world.foreign : documents,
  );
  const odd = (): string => encodeURIComponent(draw.one(HOSTILE_TEXTS).toWellFormed().slice(0, 200));
  const path = [
    draw.flaw(5) ? draw.one([odd(), '..', '%2e%2e', '', '__proto__']) : signatureRequestId,
    draw.flaw(5) ? draw.one([`${odd()}.pdf`, '.pdf', documentId, '%2e%2e%2fx.pdf']) : `${documentId}.pdf`,
  ].join('/');
  const query = draw.once(3)
    ? `?${draw.one(['download', 'download=1', `x=${odd()}`, '%', 'download&download'])}`
    : '';
  const lines = [
    `${method} /documents/${path}${query} HTTP/1.1`,
    `Host: ${world.host}`,
    ...authorization(draw, world),
    ...(draw.once(2) ? [`Range: ${draw.one(RANGES)}`] : []),
    ...(draw.once(4) ? [`${draw.one(['If-Range', 'If-Match', 'If-None-Match'])}: ${draw.one(TAGS)}`] : []),
    ...(draw.once(4)
      ? [`${draw.one(['If-Range', 'If-Modified-Since', 'If-Unmodified-Since'])}: ${draw.one(DATES)}`]
      : []),
    ...(draw.flaw(6)
      ? [draw.one(['Origin: null', 'Sec-Fetch-Site: cross-site', 'Accept: text/html', 'TE: gzip'])]
      : []),
  ];
  return { bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), isHead: method === 'HEAD' };
}
