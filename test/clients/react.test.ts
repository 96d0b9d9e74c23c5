import './dom.ts';
import { readFileSync } from 'node:fs';
import { createElement, StrictMode, useState } from 'react';
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, onTestFinished, test } from 'vitest';
import { FindSigner, RequestSignature, SigilloClient, SignatureRequestChanged } from '../../client/index.ts';
import { SigilloContext, useMutation, useSubscription, useWatch } from '../../client/react.ts';
import { startHttpStub } from '../support/http-stub.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';

/** Renders a component with a client of this gateway. */
function render(url: string, component: () => ReactNode) {
  const element = document.createElement('div');
  const root = createRoot(element);
  const renderWith = (value: SigilloClient): void =>
    root.render(
      createElement(
        StrictMode,
        null,
        createElement(SigilloContext.Provider, { value }, createElement(component)),
      ),
    );
  renderWith(new SigilloClient({ url }));
  onTestFinished(() => root.unmount());
  return {
    text: () => element.textContent,
    click: (label: string): void => {
      const button = [...element.querySelectorAll('button')].find(({ textContent }) => textContent === label);
      // React listens on the root, which is not part of the document.
      button?.click();
    },
    renderWith,
    unmount: () => root.unmount(),
  };
}

const button = (label: string, onClick: () => void): ReactNode =>
  createElement('button', { key: label, onClick }, label);

const file = new File([readFileSync('examples/contratto.pdf')], 'contratto.pdf', { type: 'application/pdf' });
const variables = {
  input: {
    dossier: { create: { title: 'Contratti' } },
    signer: { fiscalCode: 'SPNDNL80R13C555X' },
    documents: [{ title: 'Contratto', file }],
  },
};

test('a component requests a signature with its progress, and watches the request until it is signed', async () => {
  const { url, sandbox } = await startGateway();
  const seen = new Set<string>();
  const { text, click } = render(url, () => {
    const { state, run } = useMutation(RequestSignature);
    const result = state.status === 'done' ? state.data.requestSignature : undefined;
    const id = result?.__typename === 'RequestSignaturePayload' ? result.signatureRequest.id : undefined;
    const watched = useWatch(id);
    const sent = state.status === 'running' ? state.progress?.sentBytes : undefined;
    seen.add(sent === undefined ? state.status : 'progress').add(watched.status);
    return [
      button('send', () => void run(variables)),
      `${state.status} ${watched.status} ${id} `,
      watched.request?.status,
    ];
  });
  await expect.poll(text).toBe('sendidle idle undefined ');
  click('send');
  await expect.poll(text).toContain('WAIT_FOR_SIGNATURE');
  const [request] = sandbox.citizen.waiting({ fiscalCode: 'SPNDNL80R13C555X' });
  expect(text()).toBe(`senddone open ${request?.id} WAIT_FOR_SIGNATURE`);
  sandbox.citizen.sign(request?.id ?? '');
  await expect.poll(text).toBe(`senddone ended ${request?.id} SIGNED`);
  expect([...seen]).toEqual(['idle', 'running', 'progress', 'done', 'connecting', 'open', 'ended']);
});

test('typed errors are results, and a gateway that does not answer is a failure', async () => {
  const { url, close } = await startGateway();
  const { text, click } = render(url, () => {
    const { state, run } = useMutation(FindSigner);
    const shown =
      state.status === 'done'
        ? state.data.findSigner.__typename
        : state.status === 'failed'
          ? state.error.name
          : state.status;
    return [button('send', () => void run({ input: { fiscalCode: 'WRONG' } })), shown];
  });
  await expect.poll(text).toBe('sendidle');
  click('send');
  await expect.poll(text).toBe('sendInvalidInputError');
  await close();
  click('send');
  await expect.poll(text).toBe('sendGatewayUnreachableError');
});

test('an aborted mutation is idle again, and its request is closed', async () => {
  const { origin, sockets, calls } = await startHttpStub(() => {});
  const { text, click } = render(origin, () => {
    const { state, run, abort } = useMutation(FindSigner);
    return [
      button('send', () => void run({ input: { fiscalCode: 'WRONG' } })),
      button('stop', abort),
      state.status,
    ];
  });
  await expect.poll(text).toBe('sendstopidle');
  click('send');
  await expect.poll(() => calls.length).toBe(1);
  expect(text()).toBe('sendstoprunning');
  click('stop');
  await expect.poll(text).toBe('sendstopidle');
  await expect.poll(() => sockets.size).toBe(0);
});

test('another id shows nothing of the last request', async () => {
  const { url, sandbox } = await startGateway();
  const { requests } = await sandbox.seed({
    requests: [{ status: 'WAIT_FOR_SIGNATURE' }, { status: 'SIGNED' }],
  });
  const unknown = '01JMD4XYEJ4TCMM7YJ5F0JB0XX';
  const ids = [requests[0]?.id, requests[1]?.id, unknown];
  const seen = new Map<string | undefined, Set<string | undefined>>();
  const { text, click } = render(url, () => {
    const [index, setIndex] = useState(0);
    const id = ids[index];
    const watched = useWatch(id);
    seen.set(id, (seen.get(id) ?? new Set()).add(watched.request?.status));
    return [
      button('next', () => setIndex(index + 1)),
      watched.status === 'failed' ? watched.error.message : watched.status,
    ];
  });
  await expect.poll(text).toBe('nextopen');
  click('next');
  await expect.poll(text).toBe('nextended');
  click('next');
  await expect.poll(text).toBe('nextNo signature request has this id.');
  expect(Object.fromEntries([...seen].map(([id = '', statuses]) => [id, [...statuses]]))).toEqual({
    [String(ids[0])]: [undefined, 'WAIT_FOR_SIGNATURE'],
    [String(ids[1])]: [undefined, 'SIGNED'],
    [unknown]: [undefined],
  });
});

test('a stream that is refused starts again with another client, and keeps what it has shown', async () => {
  const issuer = await startTokenIssuer();
  const { url, sandbox } = await startGateway({ auth: jwtOptions(issuer.url) });
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const id = requests[0]?.id ?? '';
  const clientWith = async (role?: string): Promise<SigilloClient> => {
    const token = role === undefined ? 'wrong' : await issuer.sign({ role });
    return new SigilloClient({ url, headers: () => ({ authorization: `Bearer ${token}` }) });
  };
  const seen: string[] = [];
  const { text, renderWith } = render(url, () => {
    const stream = useSubscription(SignatureRequestChanged, { id });
    const shown = `${stream.status} ${stream.data?.signatureRequestChanged.status}`;
    if (seen.at(-1) !== shown) seen.push(shown);
    return shown;
  });
  await expect.poll(text).toBe('failed undefined');
  renderWith(await clientWith('operator'));
  await expect.poll(text).toBe('open WAIT_FOR_SIGNATURE');
  renderWith(await clientWith());
  await expect.poll(text).toBe('failed WAIT_FOR_SIGNATURE');
  renderWith(await clientWith('operator'));
  await expect.poll(text).toBe('open WAIT_FOR_SIGNATURE');
  expect(seen).not.toContain('open undefined');
  expect(seen.slice(seen.indexOf('open WAIT_FOR_SIGNATURE')).join()).not.toContain('undefined');
});

test('a connection that is lost before the first event is reported', async () => {
  const { origin } = await startHttpStub((_, res) => void res.destroy());
  const { text } = render(origin, () => useWatch('01JMD4XYEJ4TCMM7YJ5F0JB0XX').status);
  await expect.poll(text).toBe('lost');
});

test('an unmounted component closes its stream', async () => {
  const { origin, sockets } = await startHttpStub((_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
  });
  const { unmount } = render(origin, () => useWatch('01JMD4XYEJ4TCMM7YJ5F0JB0XX').status);
  await expect.poll(() => sockets.size).toBeGreaterThan(0);
  unmount();
  await expect.poll(() => sockets.size).toBe(0);
});
