import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { openApi } from '../../shared/contract/openapi.ts'
import { statusOf } from '../../shared/contract/problems.ts'
import type { Route } from '../../shared/contract/route.ts'
import { routes } from '../../shared/contract/routes.ts'
import { generatedDocs } from '../../scripts/generated-docs.ts'

const root = join(import.meta.dirname, '..', '..')
const table = Object.values(routes) as Route[]

type Content = Readonly<Record<string, { readonly schema: unknown }>>
type Operation = {
  readonly operationId: string
  readonly security?: unknown
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>
}
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

const document = openApi('https://api.handles.example') as Document & Record<string, unknown>
const operationOf = ({ method, path }: Route): Operation => {
  const operation = document.paths[path]?.[method.toLowerCase()]
  if (operation === undefined) throw new Error(`${method} ${path} is not described`)
  return operation
}

describe('generated documents', () => {
  test.each(Object.entries(generatedDocs()))('%s is what the code makes; else run `npm run docs`', (path, text) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text)
  })
})

describe('the description of the API', () => {
  test('describes every route of the table, and no other', () => {
    const described = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    expect(described.toSorted()).toEqual(table.map(({ operationId }) => operationId).toSorted())
  })

  test.each(table)('$operationId names each refusal of its route under its status', (route) => {
    const { responses } = operationOf(route)
    for (const code of route.problems) {
      const response = responses[statusOf(code)]
      expect(response?.description.split(', ')).toContain(code)
      expect(Object.keys(response?.content ?? {})).toContain('application/problem+json')
    }
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['500', '503']))
    expect(Object.keys(responses).includes('401')).toBe(route.role !== 'public')
    expect(operationOf(route).security !== undefined).toBe(route.role !== 'public')
  })

  test.each(table)('$operationId describes each part of its request', (route) => {
    const { parameters, requestBody } = operationOf(route)
    const names = (place: string) => parameters.filter((one) => one.in === place).map(({ name }) => name)
    expect(names('path')).toEqual([...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    expect(names('query')).toEqual(Object.keys(route.query?.shape ?? {}))
    expect(names('header')).toEqual(route.idempotent === true ? ['Idempotency-Key'] : [])
    expect(requestBody !== undefined).toBe(route.body !== undefined)
  })

  test('every schema compiles, so every reference leads somewhere', () => {
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    ajv.addSchema(document, 'openapi.json')
    let compiled = 0
    const walk = (node: unknown, pointer: string) => {
      if (node === null || typeof node !== 'object') return
      for (const [key, child] of Object.entries(node)) {
        const at = `${pointer}/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`
        if (key === 'schema') {
          ajv.compile({ $ref: `openapi.json#${at}` })
          compiled += 1
        } else walk(child, at)
      }
    }
    walk(document.paths, '/paths')
    expect(compiled).toBeGreaterThan(table.length * 2)
  })
})

describe('the public linter', () => {
  const lint = (file: string) =>
    new Promise<{ code: number; text: string }>((resolve) => {
      const redocly = join(root, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js')
      const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
      execFile(process.execPath, [redocly, 'lint', file], { cwd: root, env }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), text: `${stdout}${stderr}` })
      })
    })

  test('finds nothing in the description', async () => {
    const { code, text } = await lint(join('docs', 'openapi.json'))
    expect([code, text]).toEqual([0, expect.not.stringMatching(/warning/i)])
  })

  test('finds a reference that leads nowhere', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'openapi-'))
    const file = join(folder, 'openapi.json')
    writeFileSync(
      file,
      JSON.stringify(document).replace('#/components/schemas/Order"', '#/components/schemas/Nothing"'),
    )
    const { code, text } = await lint(file)
    rmSync(folder, { recursive: true })
    expect(code).toBe(1)
    expect(text).toContain('no-unresolved-refs')
  })
})
