import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { explorerRoute } from '../../../../src/graphql/explorer/explorer-route.ts';
import { renderExplorer } from '../../../../src/graphql/explorer/render-explorer.ts';

vi.mock('../../../../src/graphql/explorer/render-explorer.ts', () => ({ renderExplorer: vi.fn() }));

test('a request after a failed one gets the page', async () => {
  vi.mocked(renderExplorer)
    .mockImplementationOnce(() => {
      throw new Error('no page');
    })
    .mockReturnValue('<html></html>');
  const route = explorerRoute();
  const req = Object.assign(new IncomingMessage(new Socket()), {
    method: 'GET',
    headers: { accept: 'text/html' },
  });
  const visit = () => route({ req, res: new ServerResponse(req), url: new URL('http://localhost/graphql') });
  await expect(visit()).rejects.toThrow('no page');
  expect(await visit()).toMatchObject({ status: 200, body: '<html></html>' });
});
