/*
 * Loaded before `src/main.ts` by a test. On SIGUSR2 the process fails as MISHAP says: failures that no code of Sigillo
 * causes, but a library may.
 */

const { FIRMA_API_KEY = '' } = process.env;
const words = `of ${FIRMA_API_KEY}, for spndnl80r13c555x, at https://s.example/x?sp=r&sig=abcd%3D`;

function makeError(): Error {
  const cause = Object.assign(new Error(`the cause ${words}`), { body: words, code: 'E_MISHAP' });
  return Object.assign(new TypeError(`an error ${words}`, { cause }), { headers: { words } });
}

const MISHAPS: Readonly<Record<string, () => void>> = {
  uncaught: () => {
    throw makeError();
  },
  rejection: () => void Promise.reject(makeError()),
  'rejection without an error': () => void Promise.reject(words),
  warning: () => process.emitWarning(makeError()),
  console: () => {
    console.log('%s', words, { words }, makeError());
    console.error(makeError());
    console.warn(words);
  },
};

process.on('SIGUSR2', () => setImmediate(MISHAPS[process.env['MISHAP'] ?? ''] ?? (() => {})));
