import type { Draw } from './support-draw.ts';
import { CHUNKS, FRAMINGS, HEADERS, METHODS, STRANGERS, TARGETS, VERSIONS } from './support-http-pieces.ts';
import { HOSTILE_TEXTS } from './support-values.ts';
import type { World } from './support-world.ts';

/** The bytes of the input, in pieces. */
export interface WireInput {
  readonly pieces: readonly Buffer[];
  /** Whether the input consists of complete requests, each of which gets an answer. */
  readonly isComplete: boolean;
  /** Whether it hides a request that must not be executed, because proxies may treat it as a part of a body. */
  readonly isSmuggling: boolean;
}

/** A mark in every hidden request, and in its answer if it is executed. */
export const SMUGGLED = 'smuggled';

/** Invalid HTTP, or HTTP at the limits of validity. */
export function brokenHttp(draw: Draw, world: World): WireInput {
  const kind = draw.one([
    pipelined,
    mutated,
    wrongLine,
    wrongHeader,
    wrongFraming,
    wrongChunks,
    cut,
    strange,
  ]);
  const { bytes, isComplete = false, isSmuggling = false } = kind(draw, world);
  return { pieces: inPieces(draw, bytes), isComplete, isSmuggling };
}

interface Made {
  readonly bytes: Buffer;
  readonly isComplete?: boolean;
  readonly isSmuggling?: boolean;
}

function inPieces(draw: Draw, bytes: Buffer): Buffer[] {
  if (!draw.once(4)) return [bytes];
  const cuts = draw.some(1, 4, () => draw.number(bytes.length)).toSorted((a, b) => a - b);
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
}

/** Pipelined requests. */
function pipelined(draw: Draw, world: World): Made {
  return { bytes: Buffer.concat(draw.some(1, 12, (index) => world.good(`p${index}`))), isComplete: true };
}

function mutated(draw: Draw, world: World): Made {
  let text = world.good('m').toString('latin1');
  const splinters = [
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    ':',
    'HTTP/1.1',
    '\u00ff',
    draw.one(HEADERS),
    draw.text(),
  ];
  for (let times = draw.number(3); times >= 0; times -= 1) text = draw.mutated(text, splinters);
  return { bytes: Buffer.from(text, 'latin1') };
}

function wrongLine(draw: Draw, world: World): Made {
  const [, rest] = splitAtLine(world.good('l'));
  const line = [
    draw.once(2) ? draw.one(METHODS) : 'POST',
    draw.once(2) ? draw.one(TARGETS) : '/graphql',
    draw.once(2) ? draw.one(VERSIONS) : 'HTTP/1.1',
  ].join(draw.once(8) ? draw.one(['\t', '  ', '']) : ' ');
  return { bytes: Buffer.concat([Buffer.from(`${draw.once(8) ? '\r\n' : ''}${line}`, 'latin1'), rest]) };
}

function wrongHeader(draw: Draw, world: World): Made {
  const [line, rest] = splitAtLine(world.good('h'));
  const headers = draw.some(1, 3, () =>
    draw.once(4) ? `X-A: ${draw.one(HOSTILE_TEXTS)}` : draw.one(HEADERS),
  );
  return { bytes: Buffer.concat([line, Buffer.from(`\r\n${headers.join('\r\n')}`), rest]) };
}

function wrongFraming(draw: Draw, world: World): Made {
  const hidden = world.good(SMUGGLED);
  const chunks = draw.one(['0\r\n\r\n', '4\r\n{}{}\r\n0\r\n\r\n', '']);
  const body = Buffer.concat([Buffer.from(chunks), hidden]);
  const framing = draw.one(FRAMINGS).replaceAll('N', String(body.length));
  return { bytes: Buffer.concat([headOf(world, framing), body]), isSmuggling: true };
}

function wrongChunks(draw: Draw, world: World): Made {
  return {
    bytes: Buffer.concat([headOf(world, 'Transfer-Encoding: chunked'), Buffer.from(draw.one(CHUNKS))]),
  };
}

/** A truncated request. */
function cut(draw: Draw, world: World): Made {
  const bytes = world.good('c');
  return { bytes: bytes.subarray(0, draw.number(bytes.length - 1)) };
}

function strange(draw: Draw): Made {
  return { bytes: draw.once(2) ? draw.one(STRANGERS) : draw.bytes(400) };
}

/** The head of a valid request with another body length. */
function headOf(world: World, framing: string): Buffer {
  const head = world.good('f').toString('latin1').split('\r\n\r\n')[0] ?? '';
  return Buffer.from(`${head.replace(/\r\nContent-Length: \d+/, `\r\n${framing}`)}\r\n\r\n`, 'latin1');
}

function splitAtLine(request: Buffer): [line: Buffer, rest: Buffer] {
  const end = request.indexOf('\r\n');
  return [request.subarray(0, end), request.subarray(end)];
}
