import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { BlockList, isIPv6 } from 'node:net';
import type { LookupFunction } from 'node:net';

/** Addresses outside the public internet: of this machine, of private networks, of cloud-internal services. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's wire server
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6');

/** `BlockList` recognizes IPv4 addresses in IPv6 notation (`::ffff:127.0.0.1`). */
export function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** A public host name resolves to a private address. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
  readonly code = 'EPRIVATE';
}

/**
 * `dns.lookup` that refuses private addresses, except for `excepted` names. Otherwise an attacker who controls a DNS entry
 * could direct files to a machine behind the firewall. The connection uses the checked address, so a second DNS answer
 * cannot change it.
 */
export function publicLookup(excepted: readonly string[], resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, '');
      const [first] = found;
      if (
        first === undefined ||
        (!excepted.includes(hostname) && found.some(({ address }) => isPrivate(address)))
      )
        return callback(new PrivateAddressError('the name resolves to a private address'), '');
      if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}
