import type { PDFDocumentProxy } from 'pdfjs-dist';

/** Vite puts the file among the assets. */
const WORKER = new URL('../../../node_modules/pdfjs-dist/build/pdf.worker.min.mjs', import.meta.url);

/** Opens a PDF with pdf.js, which is loaded with the first document. */
export async function openPdf(data: ArrayBuffer): Promise<PDFDocumentProxy> {
  const { getDocument, GlobalWorkerOptions } = await import('pdfjs-dist');
  GlobalWorkerOptions.workerSrc = WORKER.href;
  // The policy of the page forbids WebAssembly, whose decoders have fallbacks in JavaScript.
  return await getDocument({ data, useWasm: false, verbosity: 0 }).promise;
}

/** The part of a page that its CropBox shows, in user space, in which y grows upwards. */
export interface VisiblePart {
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
}

/** Draws a page without its rotation, as the service counts its coordinates. @returns what it has drawn */
export async function drawPage(
  pdf: PDFDocumentProxy,
  index: number,
  canvas: HTMLCanvasElement,
  width: number,
  signal: AbortSignal,
): Promise<VisiblePart> {
  const page = await pdf.getPage(index + 1);
  const [left = 0, bottom = 0, right = 0, top = 0] = page.view;
  const part = { left, bottom, right, top };
  const size = page.getViewport({ scale: 1, rotation: 0 });
  const scale = (width / size.width) * Math.min(window.devicePixelRatio, 2);
  const viewport = page.getViewport({ scale, rotation: 0 });
  if (signal.aborted) return part;
  // Drawn elsewhere first, so that the page does not flicker.
  const buffer = new OffscreenCanvas(Math.ceil(viewport.width), Math.ceil(viewport.height));
  const context = buffer.getContext('2d');
  if (context === null) return part;
  const task = page.render({
    canvas: null,
    canvasContext: context as unknown as CanvasRenderingContext2D,
    viewport,
  });
  signal.addEventListener('abort', () => task.cancel(), { once: true });
  await task.promise;
  canvas.width = buffer.width;
  canvas.height = buffer.height;
  canvas.getContext('2d')?.drawImage(buffer, 0, 0);
  return part;
}
