import {
  getNamedType,
  getOperationAST,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  typeFromAST,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type {
  DocumentNode,
  GraphQLInputType,
  GraphQLNamedType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
import { applyEdits, modify, parse } from 'jsonc-parser';

/** The ids that answers contained, by the name of their type, and the one that variables get. */
export type Ids = Readonly<Record<string, KnownIds>>;

interface KnownIds {
  readonly chosen: string;
  /** The newest first. */
  readonly all: readonly string[];
}

type Path = readonly (string | number)[];

/** Examples have such a text in place of an id. */
const PLACEHOLDER = /^(PASTE_\w*)?$/;

/** The known ids after an answer: the first of each type is chosen, unless the answer contains the chosen one. */
export function withAnswer(
  ids: Ids,
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
  data: unknown,
): Ids {
  const operation = getOperationAST(document, operationName);
  if (operation == null) return ids;
  const merged: Record<string, KnownIds> = { ...ids };
  const root = schema.getRootType(operation.operation);
  for (const [type, found] of idsIn(schema, document, operation.selectionSet, root, data)) {
    const before = ids[type];
    const chosen = before !== undefined && found.includes(before.chosen) ? before.chosen : found[0];
    if (chosen === undefined) continue;
    merged[type] = { chosen, all: [...new Set([...found, ...(before?.all ?? [])])] };
  }
  return merged;
}

/** The answer with the types of the fields that it was selected by. */
function idsIn(
  schema: GraphQLSchema,
  document: DocumentNode,
  { selections }: SelectionSetNode,
  type: GraphQLNamedType | null | undefined,
  data: unknown,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (others: Iterable<[string, string[]]>): void => {
    for (const [name, ids] of others) found.set(name, [...new Set([...(found.get(name) ?? []), ...ids])]);
  };
  for (const value of Array.isArray(data) ? data : [data]) {
    if (!isRecord(value)) continue;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const answer = value[selection.alias?.value ?? selection.name.value];
        const name = selection.name.value;
        const owner = name === 'id' ? type?.name : typeOfName(schema, name);
        if (owner !== undefined && typeof answer === 'string') add([[owner, [answer]]]);
        const fields = type != null && 'getFields' in type ? type.getFields() : {};
        const field = fields[name];
        if (field !== undefined && selection.selectionSet !== undefined)
          add(idsIn(schema, document, selection.selectionSet, getNamedType(field.type), answer));
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOf(document, selection.name.value);
      if (fragment === undefined) continue;
      const condition = fragment.typeCondition?.name.value;
      const narrowed = condition === undefined ? type : schema.getType(condition);
      add(idsIn(schema, document, fragment.selectionSet, narrowed, value));
    }
  }
  return found;
}

function fragmentOf(document: DocumentNode, name: string) {
  return document.definitions.find(
    (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
  ) as Extract<DocumentNode['definitions'][number], { kind: Kind.FRAGMENT_DEFINITION }> | undefined;
}

/**
 * The text of variables with the chosen ids in place of placeholders and of ids of earlier answers. What the user wrote stays.
 */
export function fillIds(
  text: string,
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
  ids: Ids,
): string {
  const operation = getOperationAST(document, operationName);
  const values: unknown = parse(text);
  if (operation == null || !isRecord(values)) return text;
  return placesOf(schema, document, operation, values).reduce((filled, { path, type, value, isRequired }) => {
    const known = ids[type];
    if (known === undefined || value === known.chosen) return filled;
    const isOpen =
      typeof value === 'string'
        ? PLACEHOLDER.test(value) || known.all.includes(value)
        : isRequired && value == null;
    return isOpen ? applyEdits(filled, modify(filled, [...path], known.chosen, {})) : filled;
  }, text);
}

interface Place {
  readonly path: Path;
  /** The name of the type that the id belongs to. */
  readonly type: string;
  readonly value: unknown;
  readonly isRequired: boolean;
}

/** The places in variables that take the id of a type. */
function placesOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): Place[] {
  const used = typesOfVariables(schema, document);
  return (operation.variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const name = variable.name.value;
    const inputType = typeFromAST(schema, type) as GraphQLInputType | undefined;
    if (inputType === undefined) return [];
    return placesIn(schema, inputType, values[name], [name], used.get(name));
  });
}

function placesIn(
  schema: GraphQLSchema,
  type: GraphQLInputType,
  value: unknown,
  path: Path,
  idOf: string | undefined,
): Place[] {
  if (isListType(isNonNullType(type) ? type.ofType : type))
    return Array.isArray(value)
      ? value.flatMap((item, index) =>
          placesIn(schema, getNamedType(type), item, [...path, index], undefined),
        )
      : [];
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    if (!isRecord(value)) return [];
    return Object.values(named.getFields()).flatMap((field) =>
      placesIn(schema, field.type, value[field.name], [...path, field.name], typeOfName(schema, field.name)),
    );
  }
  return idOf === undefined ? [] : [{ path, type: idOf, value, isRequired: isNonNullType(type) }];
}

/** Of each variable that is an id, the type: `dossierId` is that of a `Dossier`, and `dossier(id: …)` takes that of its result. */
function typesOfVariables(schema: GraphQLSchema, document: DocumentNode): Map<string, string> {
  const types = new Map<string, string>();
  const info = new TypeInfo(schema);
  const place = (
    name: string,
    value: { readonly kind: string; readonly name?: { readonly value: string } },
  ) => {
    if (value.kind !== Kind.VARIABLE || value.name === undefined) return;
    const result = getNamedType(info.getType());
    const type = name === 'id' && isObjectType(result) ? result.name : typeOfName(schema, name);
    if (type !== undefined) types.set(value.name.value, type);
  };
  visit(
    document,
    visitWithTypeInfo(info, {
      Argument: ({ name, value }) => place(name.value, value),
      ObjectField: ({ name, value }) => place(name.value, value),
    }),
  );
  return types;
}

function typeOfName(schema: GraphQLSchema, name: string): string | undefined {
  const stem = /^(\w+)Id$/.exec(name)?.[1];
  if (stem === undefined) return undefined;
  const type = schema.getType(stem.charAt(0).toUpperCase() + stem.slice(1));
  return isObjectType(type) && type.getFields()['id'] !== undefined ? type.name : undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
