import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const projectFolder = join(import.meta.dirname, '..', '..')

export type Properties = Readonly<Record<string, unknown>>

export type Metadata = {
  readonly 'aws:cdk:path'?: string
  readonly 'aws:asset:path'?: string
  readonly cdk_nag?: { readonly rules_to_suppress: readonly { readonly id: string; readonly reason: string }[] }
}

export type TemplateResource = {
  readonly stack: string
  readonly id: string
  readonly type: string
  /** Where the CDK app made it, such as `Data/Handles/Resource`. */
  readonly path: string
  readonly properties: Properties
  readonly metadata: Metadata
  readonly deletionPolicy: unknown
}

type Template = {
  readonly Resources: Readonly<
    Record<string, { Type: string; Properties?: Properties; Metadata?: Metadata; DeletionPolicy?: string }>
  >
  readonly Outputs?: Readonly<Record<string, { Value: unknown; Export?: { Name: string } }>>
}

/**
 * What `cdk synth` wrote, read as CloudFormation would read it: references between stacks lead to the same resource as
 * references within one, so that two ARNs of one thing are equal wherever they stand.
 */
export class Assembly {
  readonly folder: string
  readonly resources: readonly TemplateResource[]
  readonly #exports: ReadonlyMap<string, { stack: string; value: unknown }>

  constructor(folder: string, templates: ReadonlyMap<string, Template>) {
    this.folder = folder
    this.resources = [...templates].flatMap(([stack, template]) =>
      Object.entries(template.Resources).map(([id, resource]) => ({
        stack,
        id,
        type: resource.Type,
        path: resource.Metadata?.['aws:cdk:path'] ?? '',
        properties: resource.Properties ?? {},
        metadata: resource.Metadata ?? {},
        deletionPolicy: resource.DeletionPolicy,
      })),
    )
    this.#exports = new Map(
      [...templates].flatMap(([stack, template]) =>
        Object.values(template.Outputs ?? {}).flatMap((output) =>
          output.Export ? [[output.Export.Name, { stack, value: output.Value }] as const] : [],
        ),
      ),
    )
  }

  ofType(type: string): readonly TemplateResource[] {
    return this.resources.filter((resource) => resource.type === type)
  }

  at(path: string): TemplateResource {
    const found = this.resources.filter((resource) => resource.path === path)
    if (found.length !== 1 || !found[0]) throw new Error(`${found.length} resources are at ${path}`)
    return found[0]
  }

  /** A property that must be text. */
  textOf({ path, properties }: TemplateResource, name: string): string {
    const value = properties[name]
    if (typeof value !== 'string') throw new Error(`${name} of ${path} is ${JSON.stringify(value)}, not text`)
    return value
  }

  /** The resource that a `Ref` or `Fn::GetAtt` leads to, also through an import. */
  follow(value: unknown, stack: string): TemplateResource {
    const { id, owner } = this.#target(value, stack)
    const found = this.resources.find((resource) => resource.stack === owner && resource.id === id)
    if (!found) throw new Error(`Nothing is at ${JSON.stringify(value)} of ${stack}`)
    return found
  }

  /** A value as text, with each reference as `<Stack.LogicalId.Attribute>`. */
  text(value: unknown, stack: string): string {
    if (typeof value === 'string') return value
    const { 'Fn::Join': joined, 'Fn::ImportValue': imported, Ref: reference } = value as Record<string, unknown>
    if (Array.isArray(joined)) {
      const [separator, parts] = joined as [string, unknown[]]
      return parts.map((part) => this.text(part, stack)).join(separator)
    }
    if (typeof imported === 'string') {
      const exported = this.#exports.get(imported)
      if (!exported) throw new Error(`No stack exports ${imported}`)
      return this.text(exported.value, exported.stack)
    }
    if (typeof reference === 'string' && reference.startsWith('AWS::')) return `<${reference}>`
    const { id, owner, attribute } = this.#target(value, stack)
    return `<${owner}.${id}${attribute ? `.${attribute}` : ''}>`
  }

  #target(value: unknown, stack: string): { id: string; owner: string; attribute: string } {
    const {
      Ref: reference,
      'Fn::GetAtt': attribute,
      'Fn::ImportValue': imported,
    } = (value ?? {}) as Record<string, unknown>
    if (typeof reference === 'string') return { id: reference, owner: stack, attribute: '' }
    if (Array.isArray(attribute)) return { id: String(attribute[0]), owner: stack, attribute: String(attribute[1]) }
    const exported = typeof imported === 'string' ? this.#exports.get(imported) : undefined
    if (!exported) throw new Error(`${JSON.stringify(value)} of ${stack} leads to no resource`)
    return this.#target(exported.value, exported.stack)
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true })
  }
}

/**
 * Runs `cdk synth` as a person would, into a folder of its own.
 * @throws where the app does not compile, a template is invalid, or a rule of cdk-nag is broken
 */
export async function synthesise(): Promise<Assembly> {
  const folder = await mkdtemp(join(tmpdir(), 'marketplace-synth-'))
  const bin = join(projectFolder, 'node_modules', '.bin')
  await promisify(execFile)(join(bin, 'cdk'), ['synth', '--quiet', '--output', folder], {
    cwd: projectFolder,
    env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
  })
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
    artifacts: Record<string, { type: string; properties?: { templateFile?: string } }>
  }
  const templates = new Map<string, Template>()
  for (const [stack, { type, properties }] of Object.entries(manifest.artifacts)) {
    if (type !== 'aws:cloudformation:stack' || !properties?.templateFile) continue
    templates.set(stack, JSON.parse(await readFile(join(folder, properties.templateFile), 'utf8')) as Template)
  }
  return new Assembly(folder, templates)
}
