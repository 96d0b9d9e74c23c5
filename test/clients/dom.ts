import { Window } from 'happy-dom';

/** The document of a page, which React needs when it is loaded: import this first. `fetch` stays that of Node. */
const window = new Window({ url: 'http://localhost/' });
Object.assign(globalThis, { window, document: window.document });
