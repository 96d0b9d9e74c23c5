import { BlockList, isIP } from 'node:net';

/** The HTTP proxy for a URL; undefined for a direct connection. */
export type ProxyFor = (target: URL) => URL | undefined;

export const NO_PROXY: ProxyFor = () => undefined;

export interface ProxySettings {
  /** For https URLs. It may contain a user name and a password. */
  readonly https?: URL | undefined;
  /** For http URLs. */
  readonly http?: URL | undefined;
  /** Hosts that are reached without a proxy, in the format of the variable `NO_PROXY`. */
  readonly except?: string | undefined;
}

type Rule = (host: string, port: number) => boolean;

const LOOPBACK: readonly Rule[] = ['localhost', '127.0.0.0/8', '::1'].map(ruleOf);

/** Connections to this machine, and so to a sandbox, never use a proxy. */
export function createProxyFor({ https, http, except = '' }: ProxySettings): ProxyFor {
  if (https === undefined && http === undefined) return NO_PROXY;
  const direct = [
    ...LOOPBACK,
    ...except
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(ruleOf),
  ];
  return (target) => {
    const { protocol, hostname, port } = target;
    const isHttps = protocol === 'https:';
    const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
    const isDirect = direct.some((rule) => rule(host, Number(port) || (isHttps ? 443 : 80)));
    return isDirect ? undefined : isHttps ? https : http;
  };
}

/** One entry: `*`, a name with its subdomains, `*.name` (subdomains only), an IP address or a network; each may have a `:port`. */
function ruleOf(entry: string): Rule {
  const [, inBrackets, named] = /^(?:\[(.+)\]|([^:]+))(?::\d+)?$/.exec(entry) ?? [];
  const what = (inBrackets ?? named ?? entry).toLowerCase().replace(/\.$/, '');
  const onlyPort = what === entry ? undefined : /:(\d+)$/.exec(entry)?.[1];
  const matches = networkRule(what) ?? nameRule(what);
  return (host, port) => (onlyPort === undefined || Number(onlyPort) === port) && matches(host);
}

function nameRule(name: string): (host: string) => boolean {
  if (name === '*') return () => true;
  const domain = name.replace(/^\*?\./, '');
  return (host) => host.endsWith(`.${domain}`) || (!name.startsWith('*') && host === domain);
}

/** @returns undefined for text that is neither an IP address nor a network. */
function networkRule(text: string): ((host: string) => boolean) | undefined {
  const [address = '', prefix] = text.split('/');
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const bits = prefix === undefined ? longest : Number(prefix);
  if (version === 0 || !(bits >= 0 && bits <= longest)) return undefined;
  const network = new BlockList();
  network.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  return (host) => isIP(host) !== 0 && network.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
