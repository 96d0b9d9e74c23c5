import { getNamedType, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import type { GraphQLField, GraphQLNamedType, GraphQLSchema } from 'graphql';
import { ROLES } from '../auth/caller.ts';
import type { Role } from '../auth/caller.ts';

/*
 * Who may use a field: any of the roles that are named. What a citizen may do with a field that is open to them is for
 * `resolvers/visible.ts` to say.
 */

/** Reads of the institution's. */
export const STAFF_READS = { operator: true, reader: true } as const;
/** Reads that citizens have of what is their own. */
export const OWN_READS = { ...STAFF_READS, citizen: true } as const;
/** Changes of the institution's. */
export const STAFF_WRITES = { operator: true } as const;
/** Changes that citizens may make to what is their own. */
export const OWN_WRITES = { ...STAFF_WRITES, citizen: true } as const;

/** The roles that may use each field that has a rule: `Query.dossier` → operator, reader. */
export function rulesOf(schema: GraphQLSchema): Map<string, Role[]> {
  const rules = new Map<string, Role[]>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!('getFields' in type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const scopes = scopesOf(field.extensions);
      if (scopes === undefined) continue;
      rules.set(
        `${type.name}.${field.name}`,
        ROLES.filter((role) => scopes.get(role) === true),
      );
    }
  }
  return rules;
}

/** Pothos keeps the options of a field with it. */
function scopesOf({ pothosOptions: options }: { readonly pothosOptions?: unknown }) {
  if (typeof options !== 'object' || options === null || !('authScopes' in options)) return undefined;
  const { authScopes } = options;
  if (typeof authScopes !== 'object' || authScopes === null) return undefined;
  return new Map<string, unknown>(Object.entries(authScopes));
}

/**
 * The schema, if all that can be asked for first has a rule, and all that leads from one record to another: a field that
 * nobody thought about is open to nobody. Records are what queries answer with.
 * @throws {TypeError} naming the fields without one.
 */
export function withRules(schema: GraphQLSchema): GraphQLSchema {
  const rules = rulesOf(schema);
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
  ].filter((field) => !rules.get(field)?.includes('operator'));
  if (open.length > 0) throw new TypeError(`no rule says who may use ${open.join(', ')}`);
  return schema;
}

type Field = GraphQLField<unknown, unknown>;

function fieldsOf(type: GraphQLNamedType | null | undefined): readonly Field[] {
  return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
}

/** A type and all that its fields lead to. */
function typesBelow(type: GraphQLNamedType, seen = new Set<GraphQLNamedType>()): GraphQLNamedType[] {
  if (seen.has(type)) return [];
  seen.add(type);
  const next = isUnionType(type) ? type.getTypes() : fieldsOf(type).map((field) => getNamedType(field.type));
  return [type, ...next.flatMap((below) => typesBelow(below, seen))];
}
