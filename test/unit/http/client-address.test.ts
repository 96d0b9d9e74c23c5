import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientNetwork } from '../../../src/http/client-address.ts';
import type { TrustedProxies } from '../../../src/http/client-address.ts';

const SOCKET = '192.0.2.9';

function networkBehind(
  value: string | string[] | undefined,
  { hops = 1, header = 'x-forwarded-for' }: Partial<TrustedProxies> = {},
  remoteAddress: string | undefined = SOCKET,
): string {
  const headers = { [header]: value };
  return clientNetwork({ headers, socket: { remoteAddress } }, { hops, header });
}

test.each([
  [undefined, 0, SOCKET],
  ['203.0.113.1', 0, SOCKET],
  ['203.0.113.1', 1, '203.0.113.1'],
  ['1.1.1.1, 203.0.113.1, 10.0.0.2', 2, '203.0.113.1'],
  ['1.1.1.1, 203.0.113.1:4711, 10.0.0.2:80', 2, '203.0.113.1'],
  ['203.0.113.1', 5, '203.0.113.1'],
  ['', 1, SOCKET],
  [' , ,', 1, SOCKET],
])('X-Forwarded-For %j and %i proxies make the client %s', (value, hops, network) => {
  expect(networkBehind(value, { hops })).toBe(network);
});

const V4 = '203.0.113.1';
const V6 = '2001:db8:1:2::/64';

/** Notations of a node, and its network; undefined for an invalid node. */
const NODES: readonly (readonly [string, string | undefined])[] = [
  ['203.0.113.1', V4],
  ['203.0.113.1:80', V4],
  ['203.0.113.1:65535', V4],
  ['203.0.113.1:_port', V4],
  ['::ffff:203.0.113.1', V4],
  ['::FFFF:cb00:7101', V4],
  ['0:0:0:0:0:ffff:203.0.113.1', V4],
  ['0000:0000:0000:0000:0000:ffff:cb00:7101', V4],
  ['[::ffff:203.0.113.1]', V4],
  ['[::ffff:cb00:7101]:443', V4],
  ['::ffff:203.0.113.1:443', V4],
  ['2001:db8:1:2:3:4:5:6', V6],
  ['2001:DB8:0001:0002::9', V6],
  ['[2001:db8:1:2::9]', V6],
  ['[2001:db8:1:2::9]:4711', V6],
  ['[2001:db8:1:2::9]:_port', V6],
  ['2001:db8:1:2::9:4711', V6],
  ['2001:db8:1:2:3:4:5:6:4711', V6],
  ['2001:db8:1:2:3:4:1.2.3.4', V6],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0.100', 'fe80:0:0:0::/64'],
  ['unknown', undefined],
  ['unknown:80', undefined],
  ['_hidden', undefined],
  ['_SEVKISEK', undefined],
  ['_203.0.113.1', undefined],
  ['_hidden:_port', undefined],
  ['203.0.113', undefined],
  ['0313.0.113.1', undefined],
  ['3405803777', undefined],
  ['0xcb007101', undefined],
  ['203.0.113.256', undefined],
  ['203.0.113.1:port', undefined],
  ['[203.0.113.1', undefined],
  ['2001:db8::::1', undefined],
  ['client.example', undefined],
  ['', undefined],
];

test.each(NODES)('the node %s counts as %s in both headers', (node, network = SOCKET) => {
  expect(networkBehind(node)).toBe(network);
  expect(networkBehind(`"${node}"`)).toBe(network);
  for (const value of [`for="${node}"`, `by=_x;FOR="${node}";proto=https`, `for=1.1.1.1, for="${node}"`])
    expect(networkBehind(value, { header: 'forwarded' }), value).toBe(network);
});

test('a client that the proxy does not name counts as the next address towards the gateway', () => {
  expect(networkBehind('unknown, 10.0.0.2', { hops: 2 })).toBe('10.0.0.2');
  expect(networkBehind('203.0.113.1, _a1b2, _c3d4', { hops: 2 })).toBe(SOCKET);
  expect(networkBehind('for=_a1b2, for=10.0.0.2', { hops: 2, header: 'forwarded' })).toBe('10.0.0.2');
  expect(networkBehind('by=10.0.0.2', { header: 'forwarded' })).toBe(SOCKET);
  expect(clientNetwork({ headers: {}, socket: {} }, { hops: 0, header: 'forwarded' })).toBe('');
});

test.each([
  'for="9.9.9.9, for=203.0.113.1',
  'for=9.9.9.9;by=", for="203.0.113.1"',
  'nonsense, for=203.0.113.1',
  'for=203.0.113.1;',
  ',',
])(
  'an invalid Forwarded header, %s, counts as the address of the proxy, so no client can invent an address',
  (value) => {
    expect(networkBehind(value, { header: 'forwarded' })).toBe(SOCKET);
  },
);

/** The eight groups of an address, some of them zero. */
const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
});
const port = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: 0, max: 65_535 }).map(String),
  fc.stringMatching(/^_[A-Za-z0-9._-]{1,8}$/),
);

/** A group with or without leading zeros, in either case. */
const groupText = (value: number) =>
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()).map(([width, isUpper]) => {
    const text = value.toString(16).padStart(width, '0');
    return isUpper ? text.toUpperCase() : text;
  });

const dotted = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');

/** One address in any notation: groups, `::` in place of any run of zeros, the last 32 bits dotted. */
const notation = (values: readonly number[]) =>
  fc
    .tuple(fc.tuple(...values.map(groupText)), fc.boolean(), fc.nat(), fc.nat())
    .map(([texts, isDotted, from, length]) => {
      const [high = 0, low = 0] = values.slice(6);
      const parts = isDotted ? [...texts.slice(0, 6), dotted(high, low)] : texts;
      const start = from % parts.length;
      const end = start + 1 + (length % (parts.length - start));
      const isRun = parts.slice(start, end).every((part) => /^0+$/.test(part));
      return isRun ? `${parts.slice(0, start).join(':')}::${parts.slice(end).join(':')}` : parts.join(':');
    });

/** One node in any notation of RFC 7239. */
const node = (address: string, suffix: string | undefined): string =>
  suffix === undefined ? `[${address}]` : `[${address}]:${suffix}`;

const inBothHeaders = (text: string): string[] => [
  networkBehind(text),
  networkBehind(`for="${text}"`, { header: 'forwarded' }),
];

test('every notation of an IPv6 address has the key of its network', () => {
  const cases = groups.chain((values) =>
    fc.record({ values: fc.constant(values), text: notation(values), port }),
  );
  fc.assert(
    fc.property(cases, ({ values, text, port }) => {
      fc.pre(values.slice(0, 6).some((value, index) => value !== (index === 5 ? 0xffff : 0)));
      fc.pre(values.slice(0, 6).some((value) => value !== 0));
      const network = `${values
        .slice(0, 4)
        .map((value) => value.toString(16))
        .join(':')}::/64`;
      expect([text, node(text, port)].flatMap(inBothHeaders)).toEqual(Array(4).fill(network));
    }),
  );
});

test('every notation of an IPv4 address has one key, as itself and mapped into IPv6', () => {
  const half = fc.integer({ min: 0, max: 0xffff });
  const cases = fc.tuple(half, half).chain(([high, low]) =>
    fc.record({
      address: fc.constant(dotted(high, low)),
      mapped: notation([0, 0, 0, 0, 0, 0xffff, high, low]),
      port,
    }),
  );
  fc.assert(
    fc.property(cases, ({ address, mapped, port }) => {
      const bare = port === undefined ? address : `${address}:${port}`;
      expect([bare, mapped, node(mapped, port)].flatMap(inBothHeaders)).toEqual(Array(6).fill(address));
    }),
  );
});

test('an invalid address never has its own key', () => {
  const header = fc.constantFrom('x-forwarded-for', 'forwarded');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), header, (value, header) => {
      expect(networkBehind(value, { header })).toMatch(/^(\d+(\.\d+){3}|[\da-f]+(:[\da-f]+){3}::\/64)$/);
    }),
  );
});
