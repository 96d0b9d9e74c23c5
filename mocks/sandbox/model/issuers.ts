import { BlockList, isIPv4 } from 'node:net';

/** An institution. Its records are accessible with all its keys and with no other key. */
export interface Issuer {
  readonly id: string;
  /** The name that the IO message shows. */
  readonly name: string;
  /** Support address of dossiers without one. */
  readonly supportEmail: string;
}

/** The record of an API key. An empty list allows no one, as in the service. */
export interface ApiKey {
  readonly key: string;
  readonly issuerId: string;
  /** Test keys can look up the fiscal codes of their testers only. */
  readonly environment: 'test' | 'prod';
  readonly status: 'active' | 'revoked';
  /** IPv4 ranges that the key accepts calls from; `0.0.0.0/0` for all. */
  readonly cidrs: readonly string[];
  /** Fiscal codes of the testers. */
  readonly testers: readonly string[];
}

export const ANY_ADDRESS = '0.0.0.0/0';

/** The issuer of keys that were not seeded. */
export const DEFAULT_ISSUER: Issuer = {
  id: '01GG4NFBCN4ZH8ETCCKX3766KX',
  name: 'Comune di Esempio',
  supportEmail: 'firma@comune.example.it',
};

/** A production key of the default issuer, allowed from all addresses. */
export function unrestrictedKey(key: string): ApiKey {
  const issuerId = DEFAULT_ISSUER.id;
  return { key, issuerId, environment: 'prod', status: 'active', cidrs: [ANY_ADDRESS], testers: [] };
}

const PRIVATE_NETWORKS = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE_NETWORKS.addSubnet(network, prefix);
}

/**
 * The client address for the IP ranges of a key: the right-most public IPv4 of `X-Forwarded-For`. Without the header,
 * the address of the connection, because a sandbox usually has no load balancer in front.
 */
export function callerAddress(forwardedFor: string | undefined, remoteAddress: string): string {
  const listed = (forwardedFor ?? '').split(',').map((address) => address.trim());
  const isPublic = (address: string): boolean => isIPv4(address) && !PRIVATE_NETWORKS.check(address);
  return listed.findLast(isPublic) ?? remoteAddress.replace(/^::ffff:/, '');
}

export function isAllowed(cidrs: readonly string[], address: string): boolean {
  if (cidrs.includes(ANY_ADDRESS)) return true;
  if (!isIPv4(address)) return false;
  return cidrs.some((cidr) => {
    const [network = '', prefix = '32'] = cidr.split('/');
    const range = new BlockList();
    range.addSubnet(network, Number(prefix));
    return range.check(address);
  });
}
