const formats = new Map<string, Intl.NumberFormat>()

/** Minor units as people write them, for example `$1,234.50`. */
export const formatAmount = (amountMinor: number, currency: string): string => {
  let format = formats.get(currency)
  if (!format) {
    format = new Intl.NumberFormat('en-US', { style: 'currency', currency: currency.toUpperCase() })
    formats.set(currency, format)
  }
  return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}
