import type { Core } from './core.ts'
import type { Parameter } from './parameters.ts'
import type { WireLineItem, WirePrice, WireProduct } from './resource-types.ts'
import { invalidParameter } from './stripe-error.ts'

interface PriceData {
  currency: string
  unit_amount?: number
  unit_amount_decimal?: string
  tax_behavior?: 'exclusive' | 'inclusive' | 'unspecified'
  product_data?: {
    name: string
    description?: string
    images?: string[]
    metadata?: Record<string, string>
    unit_label?: string
  }
}

interface LineItemParameters {
  price_data?: PriceData
  quantity?: number
  metadata?: Record<string, string>
}

const amountMax = 99_999_999

/**
 * The line items of a new session, with an inline price and product for each, as Stripe makes them from `price_data`.
 * Throws Stripe's 400 for a missing quantity, price or product, and for mixed currencies.
 */
export const createLineItems = (core: Core, given: Parameter | undefined): WireLineItem[] => {
  const items = (given ?? []) as unknown as LineItemParameters[]
  if (items.length === 0)
    throw invalidParameter('You must provide at least one line item in `payment` mode.', {
      code: 'parameter_missing',
      param: 'line_items',
    })
  if (items.length > 100) throw invalidParameter('`line_items` may have up to 100 items.', { param: 'line_items' })
  const created = items.map((item, index) => createLineItem(core, item, `line_items[${index}]`))
  if (created.some((item) => item.currency !== created[0]?.currency))
    throw invalidParameter('All line items of a Checkout Session must have the same currency.', { param: 'line_items' })
  return created
}

const createLineItem = (core: Core, item: LineItemParameters, path: string): WireLineItem => {
  const { price_data: data, quantity } = item
  if (!data)
    throw invalidParameter(`You must specify either \`price\` or \`price_data\` of ${path}.`, {
      code: 'parameter_missing',
      param: path,
    })
  if (quantity === undefined || quantity < 1)
    throw invalidParameter(`Quantity is required. Add \`quantity\` to \`${path}\``, { param: `${path}[quantity]` })
  const unitAmount = unitAmountOf(data, path)
  const total = unitAmount * quantity
  return {
    id: core.newId('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: total,
    amount_tax: 0,
    amount_total: total,
    currency: data.currency.toLowerCase(),
    description: data.product_data?.name ?? null,
    metadata: item.metadata ?? {},
    price: createPrice(core, data, unitAmount, path),
    quantity,
  }
}

const unitAmountOf = (data: PriceData, path: string): number => {
  const amount = data.unit_amount ?? Number(data.unit_amount_decimal ?? NaN)
  if (Number.isNaN(amount))
    throw invalidParameter(
      `You must specify either \`unit_amount\` or \`unit_amount_decimal\` of ${path}[price_data].`,
      {
        code: 'parameter_missing',
        param: `${path}[price_data]`,
      },
    )
  if (!Number.isInteger(amount) || amount < 0)
    throw invalidParameter('Invalid non-negative integer', {
      code: 'parameter_invalid_integer',
      param: `${path}[price_data][unit_amount]`,
    })
  if (amount > amountMax)
    throw invalidParameter(`Invalid integer: must be at most ${amountMax}.`, {
      code: 'parameter_invalid_integer',
      param: `${path}[price_data][unit_amount]`,
    })
  return amount
}

/** Inline prices and products are inactive: they serve this session alone. */
const createPrice = (core: Core, data: PriceData, unitAmount: number, path: string): WirePrice => {
  const product = createProduct(core, data, path)
  return {
    id: core.newId('price'),
    object: 'price',
    active: false,
    billing_scheme: 'per_unit',
    created: core.seconds(),
    currency: data.currency.toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: product.id,
    recurring: null,
    tax_behavior: data.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'one_time',
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
  }
}

const createProduct = (core: Core, data: PriceData, path: string): WireProduct => {
  const given = data.product_data
  if (!given)
    throw invalidParameter(`You must specify either \`product\` or \`product_data\` of ${path}[price_data].`, {
      code: 'parameter_missing',
      param: `${path}[price_data]`,
    })
  const product: WireProduct = {
    id: core.newId('prod'),
    object: 'product',
    active: false,
    created: core.seconds(),
    default_price: null,
    description: given.description ?? null,
    images: given.images ?? [],
    livemode: false,
    marketing_features: [],
    metadata: given.metadata ?? {},
    name: given.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: given.unit_label ?? null,
    updated: core.seconds(),
    url: null,
  }
  core.state.insert('product', product)
  return product
}
