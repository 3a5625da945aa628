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
const reach = () => document.querySelectorAll('pre, .cell-output-display, .sd-table, .math.display').forEach(e => {
  if (e.scrollWidth > e.clientWidth) e.tabIndex = 0; else e.removeAttribute('tabindex');
});
addEventListener('load', reach);
addEventListener('resize', reach);
