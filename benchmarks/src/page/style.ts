const LIGHT = {
  background: '#ffffff',
  ink: '#1c2126',
  muted: '#667079',
  grid: '#e6e9ec',
  band: '#e3f2f4',
  ours: '#0b7285',
  'ours-soft': '#7cbcc7',
  rival: '#b3bac1',
  'rival-soft': '#e1e5e8',
  good: '#2b7a3d',
  bad: '#b3431f',
};
const DARK: typeof LIGHT = {
  background: '#14181b',
  ink: '#e4e8eb',
  muted: '#98a2ab',
  grid: '#2a3136',
  band: '#12323a',
  ours: '#3bc0d4',
  'ours-soft': '#27707d',
  rival: '#66707a',
  'rival-soft': '#333b42',
  good: '#6fcf84',
  bad: '#f08a63',
};

function variables(colors: typeof LIGHT): string {
  return Object.entries(colors)
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ');
}

/** A plot as a file of its own, for a page that cannot give it colours. */
export function standaloneSvg(svg: string, theme: 'light' | 'dark'): string {
  const colors = theme === 'light' ? LIGHT : DARK;
  const font = 'font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;';
  const style = `<style>svg { ${variables(colors)} ${font} }</style>`;
  return `${svg.replace(/^<svg([^>]*)>/, (_, attributes: string) => {
    const namespace = attributes.includes('xmlns=') ? '' : ' xmlns="http://www.w3.org/2000/svg"';
    return `<svg${namespace}${attributes}>${style}`;
  })}\n`;
}

export const STYLE = `
:root { color-scheme: light dark; ${variables(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 1180px; background: var(--background); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 22px; margin: 56px 0 4px; padding-top: 16px; border-top: 1px solid var(--grid); }
h3 { font-size: 17px; margin: 40px 0 0; }
h4 { font-size: 13px; font-weight: 600; color: var(--muted); margin: 12px 0 2px; }
p { max-width: 72ch; margin: 6px 0; }
a { color: var(--ours); }
code { font-size: 0.9em; }
.muted, figcaption { color: var(--muted); font-size: 14px; }
.warning { border-left: 3px solid var(--bad); padding-left: 12px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 4px 28px; align-items: start; }
figure { margin: 0; }
svg { font-family: inherit; max-width: 100%; height: auto; display: block; }
.narrow { display: none; }
@media (max-width: 700px) { .wide { display: none; } .narrow { display: block; } body { padding: 16px 14px 48px; } }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; margin: 8px 0; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 3px 12px 3px 0; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th { color: var(--muted); font-weight: 600; }
th:first-child, td:first-child, td.words { text-align: left; }
td.words { white-space: normal; min-width: 16ch; }
tr.text td { text-align: left; }
tr.ours td:first-child { color: var(--ours); font-weight: 700; }
.met { color: var(--good); font-weight: 600; }
.unmet { color: var(--bad); font-weight: 600; }
summary { cursor: pointer; color: var(--muted); font-size: 14px; margin-top: 8px; }
nav { font-size: 14px; line-height: 1.9; margin-top: 12px; }
nav a { margin-right: 14px; white-space: nowrap; text-decoration: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; font-size: 14px; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
`;
