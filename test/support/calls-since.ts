import type { Sandbox } from '../../mocks/sandbox/http/server.ts';

/** The upstream calls that the sandbox has received since the last call of this function, as operation ids. */
export function callsSince({ sandbox }: { readonly sandbox: Sandbox }): string[] {
  const calls = sandbox.journal.entries().map(({ operationId }) => String(operationId));
  sandbox.journal.clear();
  return calls;
}
