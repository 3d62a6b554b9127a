// The kinds that Grafana's packages lack, roughly as Grafana draws them; the picture says so.
export function Timeline({ frames, board, width, height }) {
  const { from, to } = board.timeRange;
  const rowHeight = (height - 50) / frames.length;
  const names = frames.map(({ fields }) => fields[1].config.displayNameFromDS);
  const left = Math.min(width / 3, 8 + 6.5 * Math.max(...names.map((name) => name.length)));
  const x = (at) =>
    left + ((at - from.valueOf()) / (to.valueOf() - from.valueOf())) * (width - left);
  return (
    <svg width={width} height={height} fontSize={12} fontFamily={board.theme.typography.fontFamily}>
      {frames.map(({ fields: [time, value] }, lane) => (
        <g key={lane} transform={`translate(0 ${lane * rowHeight})`}>
          <text
            x={left - 6}
            y={rowHeight / 2 + 4}
            textAnchor="end"
            fill={board.theme.colors.text.primary}
          >
            {names[lane]}
          </text>
          {time.values.map((at, index) => (
            <rect
              key={at}
              x={Math.max(left, x(at))}
              width={Math.max(0, x(at + time.config.interval) - Math.max(left, x(at)))}
              y={rowHeight * 0.1}
              height={rowHeight * 0.8}
              fill={value.display(value.values[index]).color}
              opacity={0.7}
            />
          ))}
        </g>
      ))}
      <text x={left} y={height - 10} fill={board.theme.colors.text.disabled}>
        state timeline: drawn by hand, without its axis and legend
      </text>
    </svg>
  );
}

export function Heatmap({ frames, board, width, height }) {
  const { from, to } = board.timeRange;
  const bound = (frame) => Number(frame.fields[1].labels.le.replace('+Inf', 'Infinity'));
  const rows = [...frames].sort((one, other) => bound(one) - bound(other));
  const above = (row, at) => row.fields[1].values[row.fields[0].values.indexOf(at)] ?? 0;
  const cells = rows.flatMap((row, lane) =>
    row.fields[0].values.map((at) => ({
      at,
      lane,
      count: above(row, at) - (lane ? above(rows[lane - 1], at) : 0),
    })),
  );
  const most = Math.max(...cells.map(({ count }) => count));
  const rowHeight = (height - 24) / rows.length;
  const x = (at) => 60 + ((at - from.valueOf()) / (to.valueOf() - from.valueOf())) * (width - 60);
  const step = rows[0]?.fields[0].config.interval ?? 0;
  return (
    <svg width={width} height={height} fontSize={12} fontFamily={board.theme.typography.fontFamily}>
      {rows.map((row, lane) => (
        <text
          key={lane}
          x={54}
          y={height - 24 - lane * rowHeight}
          textAnchor="end"
          fill={board.theme.colors.text.primary}
        >
          {row.fields[1].display(bound(row)).text}
          {row.fields[1].display(bound(row)).suffix}
        </text>
      ))}
      {cells
        .filter(({ count }) => count > 0)
        .map(({ at, lane, count }) => (
          <rect
            key={`${at} ${lane}`}
            x={x(at - step)}
            width={Math.max(1, x(at) - x(at - step) - 1)}
            y={height - 24 - (lane + 1) * rowHeight}
            height={rowHeight - 1}
            fill={board.theme.visualization.getColorByName('blue')}
            opacity={0.15 + (0.85 * count) / most}
          />
        ))}
      <text x={60} y={height - 4} fill={board.theme.colors.text.disabled}>
        heatmap: drawn by hand, without its axis and legend
      </text>
    </svg>
  );
}
