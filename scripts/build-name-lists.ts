// Builds the small name lists of shared/domain from the packages in scripts/sources:
//   reserved-names.json      names that both lists of reserved user names hold
//   protected-brands.json    company names that are no ordinary word, name or place
// Run: npm ci --prefix scripts/sources && node scripts/build-name-lists.ts
import { writeFileSync } from 'node:fs'
import { isHandle, normalizeHandle, skeleton } from '../shared/domain/handle-name.ts'
import {
  asHandle,
  asOneHandle,
  cities,
  companyTokens,
  englishAll,
  englishByCount,
  humanNames,
  ranked,
  reservedLists,
} from './word-sources.ts'

const save = (file: string, data: unknown): void => {
  const path = new URL(`../shared/domain/${file}`, import.meta.url)
  const text = JSON.stringify(data)
  writeFileSync(path, `${text}\n`)
  console.log(`${file}: ${text.length} bytes`)
}

// Reserved: one list alone also holds words that nobody needs to keep (`movie`, `bank`), so both must agree.
const [first, second] = reservedLists()
const inSecond = new Set(second.map(normalizeHandle))
const reserved = [...new Set(first.map(normalizeHandle))].filter((name) => isHandle(name) && inSecond.has(name)).sort()
save('reserved-names.json', {
  source: 'The names that both reserved-usernames (MIT) and the-big-username-blacklist (MIT) hold.',
  names: reserved,
})

// Marks that the rule below would drop because they are also words, names or three letters.
const famousMarks =
  'adidas adobe airbnb amazon amex amd android apple audi bbc bmw bloomberg boeing bosch canon chanel cnn cocacola dell dhl disney ebay espn facebook fedex ferrari gmail google gucci hermes hsbc ibm ikea instagram intel kfc lego lenovo lexus linkedin mastercard mcdonalds messenger microsoft mozilla nasa netflix nike nintendo nvidia openai oracle paypal pepsi pfizer pinterest playstation porsche prada reddit reuters rolex samsung shopify siemens skype snapchat sony spacex spotify starbucks stripe telegram tesla tiktok tinder toyota twitch twitter uber unicef unilever venmo verizon visa vodafone volkswagen walmart wechat whatsapp wikipedia xbox yahoo youtube zara'.split(
    ' ',
  )

const ordinary = new Set<string>()
for (const { word, count } of englishByCount()) if (count >= 10) ordinary.add(asHandle(word))
for (const name of [...humanNames(), ...ranked('en', 'firstnames'), ...ranked('en', 'lastnames').slice(0, 20_000)])
  ordinary.add(asHandle(name))
for (const language of ['fr', 'es', 'de'] as const)
  for (const word of ranked(language, 'commonWords').slice(0, 10_000)) ordinary.add(asHandle(word))
for (const word of englishAll()) ordinary.add(asHandle(word))
for (const city of cities()) if (city.population >= 15_000) ordinary.add(asOneHandle(city.name))

// A brand whose skeleton is that of an ordinary word would refuse the word; the words that are spared are counted.
const ordinaryBySkeleton = new Map<string, string>()
for (const word of ordinary) if (word !== '') ordinaryBySkeleton.set(skeleton(word), word)

// Places and peoples that the lists above do not know.
const noMarks = new Set(
  'aarhus abdulaziz argentaria bangalore bankengruppe belarusian bharat brunei darussalam eurasian gebruder gothenburg guangdong hebei hindustan hokkaido italiane jiangsu kansai khalifa kyushu landesbank lutherans malaya nederlanden phnom queensland saud shandong shanxi ticino universiteit vizcaya zhejiang'.split(
    ' ',
  ),
)

const kept = companyTokens()
  .filter((token) => token !== token.toUpperCase()) // stock exchange symbols
  .map(normalizeHandle)
  .filter((name) => name.length >= 4 && name.length <= 15 && !ordinary.has(name) && !noMarks.has(name))
const clashing = kept.filter((name) => ordinaryBySkeleton.has(skeleton(name)))
const brands = [...new Set([...kept.filter((name) => !clashing.includes(name)), ...famousMarks])].sort()
console.log(`left out because a word looks like it: ${clashing.join(' ')}`)
save('protected-brands.json', {
  source:
    '@cspell/dict-companies (MIT) without ordinary words, first and last names and cities; and marks named by hand.',
  names: brands,
})
