// Annotations over time, drawn by hand as Grafana draws them: a region between two dashed lines.
export function marksOf(answer) {
  return answer.result.flatMap(({ values }) => {
    const marks = [];
    for (const [at] of values) {
      const last = marks.at(-1);
      if (last && at - last.to <= answer.step) {
        last.to = at;
      } else {
        marks.push({ from: at, to: at });
      }
    }
    return marks.map(({ from, to }) => ({ from: from * 1000, to: to * 1000 }));
  });
}

export function drawMarks(builder, marks, theme) {
  builder.addHook('draw', (plot) => {
    const { ctx, bbox } = plot;
    const color = theme.visualization.getColorByName('red');
    const inside = (at) =>
      Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(at, 'x', true)));
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = color;
    ctx.setLineDash([5, 5]);
    ctx.lineWidth = 2;
    for (const mark of marks) {
      const [left, right] = [inside(mark.from), inside(mark.to)];
      ctx.globalAlpha = 0.1;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.globalAlpha = 1;
      for (const x of [left, right]) {
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.fillRect(left, bbox.top + bbox.height, Math.max(6, right - left), 5);
    }
    ctx.restore();
  });
}
