import type { AnchorInput } from '../../../../src/resolvers/shared/document-input.ts';

export const ANCHOR: AnchorInput = {
  text: 'Firma',
  occurrence: 1,
  offsetX: 0,
  offsetY: 0,
  width: 177,
  height: 77,
  align: 'BOTTOM_LEFT',
};
