import { success } from '../http/problems.ts';
import { dossierView } from '../model/views.ts';
import { dossierOrRefuse } from './lookup.ts';
import type { Operation } from './operation.ts';

export const getDossier: Operation = (call, world) =>
  success(200, dossierView(dossierOrRefuse(call, world, call.pathIds[0])));
