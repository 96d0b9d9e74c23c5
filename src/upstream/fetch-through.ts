import { Agent, fetch } from 'undici';
import type { RequestInit, Response } from 'undici';
import { connectThrough } from './connect-through.ts';
import type { ProxyFor } from './proxy-for.ts';

export interface ProxiedFetch {
  readonly fetch: (address: string, init: RequestInit) => Promise<Response>;
  /** Frees the connections. */
  close(): Promise<void>;
}

/** `fetch` through the proxy for a URL. The global `fetch` refuses a dispatcher of another undici version. */
export function fetchThrough(proxyFor: ProxyFor): ProxiedFetch {
  const dispatcher = new Agent({ connect: connectThrough({ proxyFor, timeoutMs: 5_000 }), allowH2: false });
  return {
    fetch: (address, init) => fetch(address, { ...init, dispatcher }),
    close: () => dispatcher.destroy(),
  };
}
