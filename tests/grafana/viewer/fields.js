// Field settings and transformations, applied by Grafana's own code.
import {
  FieldConfigOptionsRegistry,
  applyFieldOverrides,
  cacheFieldDisplayNames,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

const { mergeTransformer, organizeFieldsTransformer, groupingToMatrixTransformer } =
  standardTransformers;

standardTransformersRegistry.setInit(() =>
  [mergeTransformer, organizeFieldsTransformer, groupingToMatrixTransformer].map(
    (transformation) => ({
      id: transformation.id,
      name: transformation.name,
      transformation: async () => transformation,
    }),
  ),
);

// What the panels' plugins, which are in no package, say where a board says nothing.
const COLOR = { timeseries: 'palette-classic' };
const OF_PLUGIN = (type) => ({ color: { mode: COLOR[type] ?? 'thresholds' } });

const STANDARD = [
  'unit',
  'min',
  'max',
  'decimals',
  'displayName',
  'color',
  'noValue',
  'links',
  'mappings',
  'thresholds',
];

function registryOf({ defaults, overrides }) {
  const custom = [
    ...Object.keys(defaults.custom ?? {}).map((name) => `custom.${name}`),
    ...overrides.flatMap(({ properties }) => properties.map(({ id }) => id)),
  ].filter((id) => id.startsWith('custom.'));
  const item = (id) => ({
    id,
    name: id,
    path: id.replace('custom.', ''),
    isCustom: id.startsWith('custom.'),
    process: (value) => value,
    shouldApply: () => true,
  });
  return new FieldConfigOptionsRegistry(() => [...STANDARD, ...new Set(custom)].map(item));
}

export async function dress(panel, frames, { theme, timeZone, replaceVariables }) {
  const context = { interpolate: replaceVariables };
  const data = await firstValueFrom(
    transformDataFrame(panel.transformations ?? [], frames, context),
  );
  const defaults = { ...OF_PLUGIN(panel.type), ...panel.fieldConfig.defaults };
  const dressed = applyFieldOverrides({
    data,
    fieldConfig: { ...panel.fieldConfig, defaults },
    fieldConfigRegistry: registryOf(panel.fieldConfig),
    replaceVariables,
    theme,
    timeZone,
  });
  cacheFieldDisplayNames(dressed);
  return dressed;
}
