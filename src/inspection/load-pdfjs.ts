import { createRequire, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import type { PDFDocumentLoadingTask } from 'pdfjs-dist/legacy/build/pdf.mjs';

const CANVAS = 'sigillo:canvas';

// pdf.js loads a native canvas for drawing when it is imported. Nothing is drawn here, so it gets empty classes.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@napi-rs/canvas'
      ? { url: CANVAS, format: 'commonjs', shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === CANVAS
      ? {
          format: 'commonjs',
          source: 'module.exports = { DOMMatrix: class {}, Path2D: class {} }',
          shortCircuit: true,
        }
      : next(url, context),
});

const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs');
const folder = join(dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json')), '/');

export const { OPS } = pdfjs;

/** Opens a PDF. Character maps and standard fonts are files of the package; no other file is read, and no address. */
export function openPdf(data: Uint8Array): PDFDocumentLoadingTask {
  return pdfjs.getDocument({
    data,
    verbosity: pdfjs.VerbosityLevel.ERRORS,
    cMapUrl: join(folder, 'cmaps/'),
    standardFontDataUrl: join(folder, 'standard_fonts/'),
    useSystemFonts: false,
    disableFontFace: true,
    // With the heights of the fonts.
    fontExtraProperties: true,
    // Text needs no image, and images are the largest part of what a file can make a reader decode.
    maxImageSize: 0,
    useWasm: false,
    enableXfa: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
  });
}
