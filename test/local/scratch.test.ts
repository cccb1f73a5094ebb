import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openScratch } from '../../local/scratch.ts'

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'place-'))
  vi.stubEnv('TMPDIR', place)
})
afterEach(() => void vi.unstubAllEnvs())

test('a scratch folder lies where TMPDIR says, and is gone with all that is in it', () => {
  const { folder, remove } = openScratch('of-a-test-')
  expect(folder.startsWith(join(place, 'of-a-test-'))).toBe(true)
  writeFileSync(join(folder, 'state'), 'x')
  remove()
  expect(readdirSync(place)).toEqual([])
})

test('what a killed process left is removed by the next, and what another uses or has not named so is not', () => {
  const module = join(import.meta.dirname, '..', '..', 'local', 'scratch.ts')
  const code = `import { openScratch } from ${JSON.stringify(module)}
    process.stdout.write(openScratch('of-a-test-').folder, () => process.kill(process.pid, 'SIGKILL'))`
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  expect(signal).toBe('SIGKILL')
  expect(existsSync(stdout)).toBe(true)
  const other = mkdtempSync(join(place, 'other-'))
  const inUse = openScratch('of-a-test-')
  expect(existsSync(stdout)).toBe(false)
  openScratch('of-a-test-').remove()
  expect([inUse.folder, other].map((folder) => existsSync(folder))).toEqual([true, true])
  inUse.remove()
})
