import { z } from 'zod';

/** The environment of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The parsed values of a group of variables, defaults included. */
export type Values<Variables extends z.ZodRawShape> = z.output<z.ZodObject<Variables>>;

export const EMPTY = 'must not be empty';

export const filled = z.string().min(1, EMPTY);

export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .transform((text) => (/^\d+$/.test(text) ? Number(text) : Number.NaN))
    .refine((value) => value >= least && value <= most, `must be a whole number, ${least} to ${most}`);

export const onOrOff = z.enum(['on', 'off'], 'must be on or off');

export const webAddress = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL', abort: true })
  .refine((url) => new URL(url).username === '', 'must not contain a user name');

/** The items of a comma-separated list. */
export const itemsOf = (text: string): string[] => text.split(',').map((item) => item.trim());

export const urlOf = (text: string | undefined): URL | undefined =>
  text === undefined ? undefined : new URL(text);
