import { expect, it } from 'vitest'
import parameters from '../../local/stripe/parameters.json' with { type: 'json' }
import { parameterTable } from '../../scripts/stripe-parameters.ts'

it("the table of parameters is what Stripe's document and the client's types say now", () => {
  expect(parameterTable(), 'run node scripts/stripe-parameters.ts').toEqual(parameters)
})
