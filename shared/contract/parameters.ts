import * as z from 'zod'
import { handleInputSchema } from './resources.ts'

// What several routes ask for.

export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 printable characters without spaces')

export const handleParams = z.strictObject({ handle: handleInputSchema })
export const handleProblems = ['handle_empty', 'handle_too_long', 'handle_character'] as const

/** Why an operator acts. */
export const reasonSchema = z.string().trim().min(3).max(500).meta({ description: 'Kept in the journal' })
