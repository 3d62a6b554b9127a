// Draws one board from its JSON and Prometheus's answers: shown.json has both.
import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import { ThemeContext, createTheme, dateTime } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { dress } from './fields';
import { framesOf } from './frames';
import { KINDS } from './kinds';
import { marksOf } from './marks';

const { json, answers, chosen, begin, end, theme: mode } = await (await fetch('shown.json')).json();
const width = document.documentElement.clientWidth;
const COLUMNS = 24;
const ROW = 30;
const GAP = 8;
const MARGIN = 16;
const TOOLBAR = 56;

const theme = createTheme({ colors: { mode } });
const board = {
  theme,
  timeZone: 'utc',
  timeRange: {
    from: dateTime(begin * 1000),
    to: dateTime(end * 1000),
    raw: { from: json.time.from, to: 'now' },
  },
  marks: marksOf(answers.annotation),
  replaceVariables: (text) => text.replace(/\$(\w+)/g, (all, name) => chosen[name] ?? all),
};

function place({ x, y, w, h }) {
  const column = (width - 2 * MARGIN - GAP * (COLUMNS - 1)) / COLUMNS;
  return {
    position: 'absolute',
    left: MARGIN + x * (column + GAP),
    top: TOOLBAR + y * (ROW + GAP),
    width: w * column + (w - 1) * GAP,
    height: h * ROW + (h - 1) * GAP,
  };
}

function Panel({ panel }) {
  const [frames, setFrames] = useState();
  useEffect(() => {
    dress(panel, framesOf(panel, answers[panel.id]), board).then(setFrames);
  }, [panel]);
  const style = place(panel.gridPos);
  const Kind = KINDS[panel.type];
  const empty = frames && !frames.some(({ length }) => length) && panel.type !== 'stat';
  return (
    <div style={style}>
      <PanelChrome
        title={board.replaceVariables(panel.title)}
        description={panel.description}
        width={style.width}
        height={style.height}
        padding={panel.type === 'table' ? 'none' : 'md'}
      >
        {(inner, high) =>
          empty ? (
            <Empty text={panel.fieldConfig.defaults.noValue} height={high} />
          ) : (
            frames && <Kind {...{ panel, frames, board }} width={inner} height={high} />
          )
        }
      </PanelChrome>
    </div>
  );
}

function Empty({ text, height }) {
  return <div style={{ height, display: 'grid', placeItems: 'center', fontSize: 18 }}>{text}</div>;
}

function Heading({ panel }) {
  return (
    <div style={{ ...place(panel.gridPos), display: 'flex', alignItems: 'center', gap: 8 }}>
      <span>{panel.collapsed ? '›' : '⌄'}</span>
      <b style={{ fontWeight: 500 }}>{board.replaceVariables(panel.title)}</b>
    </div>
  );
}

function Toolbar() {
  const box = {
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: 2,
    padding: '6px 8px',
  };
  return (
    <div
      style={{
        position: 'absolute',
        top: 12,
        left: MARGIN,
        right: MARGIN,
        display: 'flex',
        gap: 8,
        fontSize: 12,
      }}
    >
      {json.templating.list.map(({ name, label }) => (
        <span key={name} style={box}>
          <b style={{ fontWeight: 500 }}>{label}</b> &nbsp;{chosen[name] ?? 'default'}
        </span>
      ))}
      <span style={box}>● {json.annotations.list[0].name}</span>
      <span style={{ ...box, marginLeft: 'auto' }}>{json.links[0].title}</span>
      <span style={box}>{json.time.from} to now</span>
    </div>
  );
}

function Board() {
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Toolbar />
      {json.panels.map((panel) =>
        panel.type === 'row' ? (
          <Heading key={panel.id} panel={panel} />
        ) : (
          <Panel key={panel.id} panel={panel} />
        ),
      )}
    </ThemeContext.Provider>
  );
}

document.body.style.background = theme.colors.background.canvas;
await initPluginTranslations('viewer', []);
// Widths of texts are measured, so the letters have to be there first.
await Promise.all([document.fonts.load('14px Inter'), document.fonts.load('500 14px Inter')]);
createRoot(document.getElementById('board')).render(<Board />);
