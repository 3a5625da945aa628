// What the theme lacks: dark mode for Bootstrap, and a search that works for pages opened as files.
const root = document.documentElement;
const follow = () => { root.dataset.bsTheme = root.dataset.scheme === 'alternate' ? 'dark' : 'light'; };
follow();
new MutationObserver(follow).observe(root, { attributeFilter: ['data-scheme'] });

// Browsers refuse to fetch from a file, and run scripts from it: so the index is a script.
const fetchFromHost = window.fetch;
window.fetch = (url, ...options) => !String(url).endsWith('search.json') ? fetchFromHost(url, ...options)
  : new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = 'site_libs/search.js';
    script.onload = () => resolve({ json: () => window.searchIndex });
    script.onerror = reject;
    document.head.append(script);
  });

// What scrolls sideways can be reached with the keyboard.
const reach = () => document.querySelectorAll('pre, .cell-output-display, .cell-output div:has(> .dataframe), .sd-table, .math.display').forEach(e => {
  if (e.scrollWidth > e.clientWidth) e.tabIndex = 0; else e.removeAttribute('tabindex');
});
addEventListener('load', reach);
addEventListener('resize', reach);

// The address of an entry opens it, also a second time after it was shut.
const openEntry = () => {
  const entry = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest('details.entry');
  if (entry && !entry.open) { entry.open = true; entry.scrollIntoView({ behavior: 'instant' }); }
};
addEventListener('DOMContentLoaded', openEntry);
addEventListener('hashchange', openEntry);
addEventListener('click', e => { if (e.target.closest?.('a[href*="#"]')) setTimeout(openEntry); });

// A search that goes by whole words: what is named comes before what is mentioned, and text before code.
const small = new Set('a an and are be but by can do does for how i in is it my of on or the to what when why with you'.split(' '));
const wordsOf = text => (text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) || []).flatMap(w => w.includes('_') ? [w, ...w.split('_')] : [w]);
const root_of = word => word.length > 4 ? word.replace(/(ies|ing|es|ed|s)$/, '') : word;  // batches, batch
const asked = query => { const all = wordsOf(query), large = all.filter(w => !small.has(w)); return large.length ? large : all; };

class Search {
  constructor(records) {
    this.records = records.map((record, i) => {
      const named = wordsOf(record.section || record.title), told = wordsOf(record.text);
      return { record, i, word: record.href.includes('#word-'), named: named.map(root_of), title: wordsOf(record.title).map(root_of), told: told.map(root_of) };
    });
  }
  score({ named, title, told, word }, roots) {
    let sum = 0, missing = 0;
    for (const r of roots) {
      const begins = w => r.length > 2 && w.startsWith(r);
      const points = Math.max(named.includes(r) ? 10 + 10/named.length : named.some(begins) ? 6 : 0, title.includes(r) ? 4 : 0)
        + (told.includes(r) ? 2 : told.some(begins) ? 1 : 0);
      sum += points;
      missing += !points;
    }
    return (sum + (word ? 4 : 0))/(1 + 4*missing)*(missing < roots.length);
  }
  search(query, { limit = 20 } = {}) {
    const roots = [...new Set(asked(query).map(root_of))];
    return this.records.map(r => ({ item: r.record, points: this.score(r, roots), i: r.i }))
      .filter(hit => hit.points > 0).sort((a, b) => b.points - a.points || a.i - b.i).slice(0, limit);
  }
}
Object.defineProperty(window, 'Fuse', { get: () => Search, set() {} });  // what the theme asks for its search

// Enter opens the first result, also when it comes before the list is there.
addEventListener('keydown', e => {
  if (e.key !== 'Enter' || !e.target.closest?.('.smalldocs-search')) return;
  const box = e.target.closest('.smalldocs-search'), open = () => box.querySelector('.search-result')?.click();
  if (box.querySelector('.search-result')) return;  // the theme opens it
  e.preventDefault();
  const wait = new MutationObserver(() => { if (box.querySelector('.search-result')) { wait.disconnect(); open(); } });
  wait.observe(box, { childList: true, subtree: true });
}, true);
