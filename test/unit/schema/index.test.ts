import { readFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../../src/schema/index.ts';

test('schema.graphql is the printed, sorted schema', () => {
  expect(readFileSync('schema.graphql', 'utf8')).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`);
});

test('every type, field, argument and enum value has a description', () => {
  const undescribed = Object.values(schema.getTypeMap())
    .filter(
      ({ name }) => !name.startsWith('__') && !['ID', 'String', 'Int', 'Float', 'Boolean'].includes(name),
    )
    .flatMap((type) => {
      const parts: { name: string; description?: string | null | undefined }[] = [type];
      if ('getFields' in type)
        for (const field of Object.values(type.getFields())) {
          parts.push(field);
          if ('args' in field) parts.push(...field.args);
        }
      if ('getValues' in type) parts.push(...type.getValues());
      return parts.filter(({ description }) => !description).map(({ name }) => `${type.name}.${name}`);
    });
  expect(undescribed).toEqual([]);
});
