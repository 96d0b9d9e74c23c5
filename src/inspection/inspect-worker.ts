import { getHeapStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';
import { findIn, inReadingOrder, nearestTo, patternOf, textOf } from './find-text.ts';
import type { Pattern } from './find-text.ts';
import type { Rect } from './geometry.ts';
import { MAX_MATCHES } from './inspection.ts';
import type { FoundText, Inspection, Page, Place, TextQuery } from './inspection.ts';
import { linesOf } from './lines.ts';
import type { Line } from './lines.ts';
import { openPdf } from './load-pdfjs.ts';
import { glyphsOf, visibleLayersOf } from './page-glyphs.ts';
import { viewAsService } from './service-view.ts';

/* Runs in the threads of `inspector.ts`. */

// The libraries warn about each unreadable object, and a damaged file can have thousands.
console.warn = console.log = () => undefined;

export interface InspectTask {
  readonly pdf: readonly Uint8Array[];
  readonly texts: readonly TextQuery[];
  /** Gets the id of the thread when it begins, and the KiB of its objects. */
  readonly thread: Int32Array<SharedArrayBuffer>;
}

/** Reads a PDF as the service does, and looks for texts as the reader of the page does. */
export async function inspect({ pdf, texts, thread }: InspectTask): Promise<Inspection> {
  Atomics.store(thread, 1, Math.ceil(getHeapStatistics().used_heap_size / 1024));
  Atomics.store(thread, 0, threadId);
  const bytes = new Uint8Array(Buffer.concat(pdf));
  const view = await viewAsService(bytes);
  if (view.kind !== 'read') return view;
  const searches = texts.map((query) => new Search(query));
  const unreadPages = searches.length === 0 ? [] : await searchPages(bytes, view.pages, searches);
  return { ...view, texts: searches.map((search) => search.result), unreadPages };
}

/** @returns the pages that could not be read */
async function searchPages(
  bytes: Uint8Array,
  pages: readonly Page[],
  searches: readonly Search[],
): Promise<number[]> {
  const unread: number[] = [];
  const wanted = [...pages.entries()].filter(([index]) => searches.some((search) => search.wants(index)));
  const opened = openPdf(bytes);
  try {
    const document = await opened.promise;
    const isLayerVisible = await visibleLayersOf(document);
    for (const [index, page] of wanted) {
      try {
        const proxy = await document.getPage(index + 1);
        const lines = linesOf(await glyphsOf(proxy, isLayerVisible));
        for (const search of searches) search.page(index, page, lines);
        proxy.cleanup();
      } catch {
        unread.push(index);
      }
    }
  } catch {
    return wanted.map(([index]) => index);
  } finally {
    await opened.destroy();
  }
  return unread;
}

/** The search for one text. */
class Search {
  readonly #query: TextQuery;
  readonly #pattern: Pattern;
  readonly #matches: Place[] = [];
  readonly #lines: string[] = [];
  #count = 0;

  constructor(query: TextQuery) {
    this.#query = query;
    this.#pattern = patternOf(query.text);
  }

  wants(page: number): boolean {
    return this.#query.page === undefined || this.#query.page === page;
  }

  page(index: number, { visible, rotation }: Page, lines: readonly Line[]): void {
    if (!this.wants(index)) return;
    const found = lines.flatMap((line) => findIn(line, this.#pattern)).filter((box) => isIn(visible, box));
    this.#count += found.length;
    for (const box of inReadingOrder(found, rotation)) {
      if (this.#matches.length < MAX_MATCHES) this.#matches.push({ page: index, box });
    }
    if (this.#count === 0) this.#lines.push(...lines.map(textOf));
  }

  get result(): FoundText {
    const nearest = this.#count === 0 ? nearestTo(this.#query.text, this.#lines) : undefined;
    return { count: this.#count, matches: this.#matches, nearest };
  }
}

/** Whether the middle of a box is in the part of the page that the reader sees. */
function isIn(visible: Rect, { left, right, bottom, top }: Rect): boolean {
  const [x, y] = [(left + right) / 2, (bottom + top) / 2];
  return visible.left <= x && x <= visible.right && visible.bottom <= y && y <= visible.top;
}
