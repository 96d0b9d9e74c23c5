import jsQR from 'jsqr';
import { PNG } from 'pngjs';

/** The content of the QR code in a PNG, or undefined. Accepts the file or a data URI. */
export function readQrCode(image: Buffer | string): string | undefined {
  const bytes = typeof image === 'string' ? Buffer.from(image.split(',')[1] ?? '', 'base64') : image;
  const { data, width, height } = PNG.sync.read(bytes);
  return jsQR.default(new Uint8ClampedArray(data), width, height)?.data;
}
