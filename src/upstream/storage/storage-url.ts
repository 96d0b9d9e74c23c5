import { UpstreamError } from '../failure/upstream-error.ts';

/**
 * Checks an address for an upload or a download before anything is sent there. The service made it, but a gateway that
 * writes wherever an answer tells it to is one wrong answer away from writing anywhere, and one that reads, from showing
 * what is inside to those who are outside.
 *
 * `allowedHosts` has host names, which are reached over https on its own port, and full origins
 * (`http://127.0.0.1:4010`), which match exactly and are for development.
 * @throws UpstreamError of kind `contract`; its message does not repeat the address, which is a credential.
 */
export function checkStorageUrl(address: string, allowedHosts: readonly string[], operation: string): URL {
  const url = URL.parse(address);
  const refuse = (detail: string): UpstreamError =>
    new UpstreamError({ kind: 'contract', operation, detail });
  if (!url) throw refuse('the storage address is no URL');
  if (url.username || url.password) throw refuse('the storage address carries a user name or password');
  const isAllowed = allowedHosts.some(
    (allowed) =>
      url.origin ===
      (allowed.includes('://') ? URL.parse(allowed)?.origin : `https://${allowed.toLowerCase()}`),
  );
  if (!isAllowed)
    throw refuse(`the storage address is not on a configured storage host (${url.protocol}//${url.host})`);
  return url;
}
