// One component for each kind of panel: Grafana's own, where its packages have one.
import {
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  VizOrientation,
} from '@grafana/data';
import { BarGaugeNamePlacement } from '@grafana/schema';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { Heatmap, Timeline } from './by_hand';
import { drawMarks } from './marks';

const displayed = ({ panel, frames, board }) =>
  getFieldDisplayValues({
    data: frames,
    fieldConfig: panel.fieldConfig,
    reduceOptions: panel.options.reduceOptions,
    replaceVariables: board.replaceVariables,
    theme: board.theme,
    timeZone: board.timeZone,
  });

function Stat({ panel, frames, board, width, height }) {
  const { colorMode, graphMode, justifyMode, textMode } = panel.options;
  return (
    <VizRepeater
      getValues={() => displayed({ panel, frames, board })}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, alignmentFactors, count }) => (
        <BigValue
          value={value.display}
          {...{
            width,
            height,
            alignmentFactors,
            count,
            colorMode,
            graphMode,
            justifyMode,
            textMode,
          }}
          theme={board.theme}
        />
      )}
      autoGrid
      orientation={VizOrientation.Auto}
      source={frames}
      renderCounter={0}
      {...{ width, height }}
    />
  );
}

function Bars({ panel, frames, board, width, height }) {
  const { displayMode, showUnfilled, text, valueMode, minVizHeight, minVizWidth } = panel.options;
  return (
    <VizRepeater
      getValues={() => displayed({ panel, frames, board })}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, orientation, alignmentFactors }) => (
        <BarGauge
          value={value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
          {...{ width, height, orientation, alignmentFactors, displayMode, showUnfilled, text }}
          namePlacement={BarGaugeNamePlacement.Auto}
          valueDisplayMode={valueMode}
          itemSpacing={10}
          theme={board.theme}
        />
      )}
      orientation={panel.options.orientation}
      source={frames}
      renderCounter={0}
      {...{ width, height, minVizHeight, minVizWidth }}
      maxVizHeight={300}
    />
  );
}

function Lines({ panel, frames, board, width, height }) {
  return (
    <TimeSeries
      {...{ frames, width, height }}
      timeRange={board.timeRange}
      timeZone={board.timeZone}
      legend={panel.options.legend}
      options={panel.options}
    >
      {(builder) => {
        drawMarks(builder, board.marks, board.theme);
        return null;
      }}
    </TimeSeries>
  );
}

function Table({ panel, frames, width, height }) {
  return (
    <TableNG
      data={frames[0]}
      {...{ width, height }}
      noHeader={!panel.options.showHeader}
      sortBy={panel.options.sortBy}
      cellHeight={panel.options.cellHeight}
      fieldConfig={panel.fieldConfig}
      noValue={panel.fieldConfig.defaults.noValue}
      enableVirtualization
      resizable
    />
  );
}

export const KINDS = {
  bargauge: Bars,
  heatmap: Heatmap,
  stat: Stat,
  'state-timeline': Timeline,
  table: Table,
  timeseries: Lines,
};
