import type { Plugin } from 'graphql-yoga';
import { nodeRequest } from './client-address.ts';
import { refusal } from './error-response.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Refuses requests for a host that this is not. A page of evil.example whose name is made to lead to 127.0.0.1 (DNS
 * rebinding) is of the same origin as the gateway in the eyes of the browser, and only the Host header tells.
 *
 * Names of this machine are always allowed. With no others, a gateway that listens on loopback takes nothing else, and
 * one that listens elsewhere takes everything: it cannot know its names.
 */
export function useAllowedHosts(listensOn: string, names: readonly string[]): Plugin {
  const takesAll = names.length === 0 && !LOOPBACK.test(listensOn === '::1' ? '[::1]' : listensOn);
  if (takesAll) return {};
  return {
    onRequest({ serverContext, fetchAPI, endResponse }) {
      const host = nodeRequest(serverContext)?.headers.host ?? '';
      const name = host.replace(/:\d*$/, '').toLowerCase();
      if (LOOPBACK.test(name) || names.includes(name)) return;
      endResponse(
        refusal(
          fetchAPI,
          421,
          'HOST_NOT_ALLOWED',
          'The gateway is not known by this name. ALLOWED_HOSTS lists its names.',
        ),
      );
    },
  };
}
