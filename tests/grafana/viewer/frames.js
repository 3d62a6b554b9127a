// Prometheus's answers as the data frames that Grafana's Prometheus data source makes of them.
import { FieldType, toDataFrame } from '@grafana/data';

const number = (text) => (text === 'NaN' ? NaN : Number(text.replace('Inf', 'Infinity')));
const samplesOf = (series) =>
  (series.values ?? [series.value]).map(([at, text]) => [at * 1000, number(text)]);

function legendOf(format, labels) {
  return format
    ? format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '')
    : undefined;
}

function seriesFrame(target, answer, series) {
  const samples = samplesOf(series);
  const config = answer.step ? { interval: answer.step * 1000 } : {};
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, config, values: samples.map(([at]) => at) },
      {
        name: 'Value',
        type: FieldType.number,
        labels: series.metric,
        config: { displayNameFromDS: legendOf(target.legendFormat, series.metric) },
        values: samples.map(([, value]) => value),
      },
    ],
  });
}

function tableFrame(target, answer, valueName) {
  const labels = [...new Set(answer.result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const column = (name) => answer.result.map(({ metric }) => metric[name] ?? '');
  return toDataFrame({
    refId: target.refId,
    fields: [
      {
        name: 'Time',
        type: FieldType.time,
        values: answer.result.map((series) => samplesOf(series)[0][0]),
      },
      ...labels.map((name) => ({
        name,
        type: FieldType.string,
        config: { filterable: true },
        values: column(name),
      })),
      {
        name: valueName,
        type: FieldType.number,
        values: answer.result.map((series) => samplesOf(series)[0][1]),
      },
    ],
  });
}

export function framesOf(panel, answers) {
  const tables = panel.targets.filter(
    ({ format, refId }) => format === 'table' && answers[refId].result.length,
  );
  return panel.targets.flatMap((target) => {
    const answer = answers[target.refId];
    if (target.format !== 'table') {
      return answer.result.map((series) => seriesFrame(target, answer, series));
    }
    const valueName = tables.length > 1 ? `Value #${target.refId}` : 'Value';
    return answer.result.length ? [tableFrame(target, answer, valueName)] : [];
  });
}
