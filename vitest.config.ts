import { defineConfig } from 'vitest/config'
import { SlowestFirst } from './test/slowest-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // Against what hangs, not against what is slow: a busy machine takes many times as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Two cores are the reference machine; a suite that starts the local system keeps one busy.
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
  },
})
