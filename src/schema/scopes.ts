import { getNamedType, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import type { GraphQLField, GraphQLNamedType, GraphQLSchema } from 'graphql';
import { ROLES } from '../auth/caller.ts';
import type { Role } from '../auth/caller.ts';

/*
 * The roles that may use a field. `resolvers/shared/authorize-access.ts` restricts citizens to their own records.
 */

export type Scopes = Partial<Readonly<Record<Role, true>>>;

/** Reads of the institution. */
export const STAFF_READS = { operator: true, reader: true } as const;
/** Reads that citizens may also make of their own records. */
export const OWN_READS = { ...STAFF_READS, citizen: true } as const;
/** Writes of the institution. */
export const STAFF_WRITES = { operator: true } as const;
/** Writes that citizens may also make to their own records. */
export const OWN_WRITES = { ...STAFF_WRITES, citizen: true } as const;

/** The roles of each field with scopes: `Query.dossier` → operator, reader. */
export function rolesByField(schema: GraphQLSchema): Map<string, Role[]> {
  const roles = new Map<string, Role[]>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!('getFields' in type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const scopes = scopesOf(field.extensions);
      if (scopes === undefined) continue;
      roles.set(
        `${type.name}.${field.name}`,
        ROLES.filter((role) => scopes.get(role) === true),
      );
    }
  }
  return roles;
}

/** Pothos keeps the options of a field in its extensions. */
function scopesOf({ pothosOptions: options }: { readonly pothosOptions?: unknown }) {
  if (typeof options !== 'object' || options === null || !('scopes' in options)) return undefined;
  const { scopes } = options;
  if (typeof scopes !== 'object' || scopes === null) return undefined;
  return new Map<string, unknown>(Object.entries(scopes));
}

/**
 * Returns the schema if every root field has scopes, and every field that leads from one record to another. A record is a
 * type that a query returns. A field without scopes would be open to every role.
 * @throws {TypeError} with the fields that have no scopes for operators.
 */
export function requireScopes(schema: GraphQLSchema): GraphQLSchema {
  const roles = rolesByField(schema);
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const records: GraphQLNamedType[] = fieldsOf(schema.getQueryType()).map(({ type }) => getNamedType(type));
  const leadsToRecord = ({ type }: Field): boolean =>
    typesBelow(getNamedType(type)).some((found) => records.includes(found));
  const open = [
    ...roots.flatMap((type) => fieldsOf(type).map(({ name }) => `${type?.name}.${name}`)),
    ...records.flatMap((type) =>
      fieldsOf(type)
        .filter(leadsToRecord)
        .map(({ name }) => `${type.name}.${name}`),
    ),
  ].filter((field) => !roles.get(field)?.includes('operator'));
  if (open.length > 0) throw new TypeError(`add scopes, at least for operators, to ${open.join(', ')}`);
  return schema;
}

type Field = GraphQLField<unknown, unknown>;

function fieldsOf(type: GraphQLNamedType | null | undefined): readonly Field[] {
  return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
}

/** A type and all types that its fields lead to. */
function typesBelow(type: GraphQLNamedType, seen = new Set<GraphQLNamedType>()): GraphQLNamedType[] {
  if (seen.has(type)) return [];
  seen.add(type);
  const next = isUnionType(type) ? type.getTypes() : fieldsOf(type).map((field) => getNamedType(field.type));
  return [type, ...next.flatMap((below) => typesBelow(below, seen))];
}
