import type { UpstreamClient } from './client.ts';

/** A sandbox's own headers, and the one that Prism understands. */
const SANDBOX_HEADER = /^(prefer|x-sandbox-[a-z-]+)$/;

/**
 * Passes on what a caller says to the sandbox (`Prefer: code=404`, `x-sandbox-fault: …`) with every call made for it.
 * For a sandbox only: the real service must never see a header of a caller.
 */
export function withSandboxHeaders(client: UpstreamClient, caller: Headers): UpstreamClient {
  const headers = Object.fromEntries([...caller].filter(([name]) => SANDBOX_HEADER.test(name)));
  if (Object.keys(headers).length === 0) return client;
  return { ...client, call: (call, options) => client.call({ ...call, headers }, options) };
}
