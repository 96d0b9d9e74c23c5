import {
  getNamedType,
  getOperationAST,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  typeFromAST,
  visit,
} from 'graphql';
import type { DocumentNode, GraphQLInputType, GraphQLSchema, OperationDefinitionNode } from 'graphql';

/** A place in the variables of an operation that takes a file. */
export interface UploadPlace {
  /** Such as `['input', 'documents', 0, 'file']`. */
  readonly path: readonly (string | number)[];
  /** A list of files. */
  readonly isList: boolean;
  readonly isRequired: boolean;
}

/** The places of files in the order in which the operation uses them: variables of type `Upload`, also within inputs and lists. */
export function uploadPlaces(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
  variables: Readonly<Record<string, unknown>>,
): UploadPlace[] {
  const operation = getOperationAST(document, operationName);
  if (operation == null) return [];
  const definitions = new Map(operation.variableDefinitions?.map((one) => [one.variable.name.value, one]));
  return [...usedVariables(document, operation)].flatMap((name) => {
    const definition = definitions.get(name);
    const type = definition && (typeFromAST(schema, definition.type) as GraphQLInputType | undefined);
    return type === undefined ? [] : placesIn(type, variables[name], [name]);
  });
}

function placesIn(type: GraphQLInputType, value: unknown, path: UploadPlace['path']): UploadPlace[] {
  const isRequired = isNonNullType(type);
  const nullable = isRequired ? type.ofType : type;
  const named = getNamedType(nullable);
  if (named.name === 'Upload') return [{ path, isList: isListType(nullable), isRequired }];
  if (isListType(nullable)) {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    return items.flatMap((item, index) => placesIn(nullable.ofType, item, [...path, index]));
  }
  if (!isInputObjectType(named) || typeof value !== 'object' || value === null) return [];
  return Object.values(named.getFields()).flatMap((field) =>
    placesIn(field.type, (value as Record<string, unknown>)[field.name], [...path, field.name]),
  );
}

/** Names in the order of their first use, also within fragments. */
function usedVariables(document: DocumentNode, operation: OperationDefinitionNode): Set<string> {
  const names = new Set<string>();
  const entered = new Set<string>();
  const collect = (node: DocumentNode['definitions'][number]): void => {
    visit(node, {
      VariableDefinition: () => false,
      Variable: ({ name }) => void names.add(name.value),
      FragmentSpread: ({ name }) => {
        const fragment = document.definitions.find(
          (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === name.value,
        );
        if (fragment === undefined || entered.has(name.value)) return;
        entered.add(name.value);
        collect(fragment);
      },
    });
  };
  collect(operation);
  return names;
}

/** The variables with the chosen files in their places, first those that are used first: files are sent in this order. */
export function withFiles(
  variables: Readonly<Record<string, unknown>>,
  uploads: readonly { readonly place: UploadPlace; readonly files: readonly File[] }[],
): Readonly<Record<string, unknown>> {
  const names = uploads.map(({ place }) => String(place.path[0]));
  const first = Object.fromEntries(names.map((name) => [name, variables[name]]));
  const copy = structuredClone({ ...first, ...variables });
  for (const { place, files } of uploads) put(copy, place.path, place.isList ? files : files[0]);
  return copy;
}

function put(
  target: Readonly<Record<string | number, unknown>>,
  [name = '', ...rest]: UploadPlace['path'],
  value: unknown,
): void {
  if (rest.length === 0) Object.assign(target, { [name]: value });
  else put(target[name] as Readonly<Record<string | number, unknown>>, rest, value);
}
