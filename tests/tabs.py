"Pages of a browser that are lent to one test after another: to open a new one takes longer than most visits"
import re

from helpers import AXE


def watched(page):
    "Note in `page.complaints` what goes wrong on a page, unless the pattern `page.allowed` finds itself in it"
    def complain(what):
        if not page.allowed.search(what): page.complaints.append(what)
    def failed(r):  # what was still under way when the page was emptied is no fault of the page
        if 'ERR_ABORTED' not in (r.failure or ''): complain(f'cannot load {r.url}')
    page.on('request', lambda r: None if page.may_load.match(r.url) else complain(f'loads {r.url}'))
    page.on('response', lambda r: complain(f'{r.status} for {r.url}') if r.status >= 400 else page.loaded.append(r.url))
    page.on('requestfailed', failed)
    page.on('console', lambda m: complain(f'console: {m.text}') if m.type in ('error', 'warning') else None)
    page.on('pageerror', lambda e: complain(f'error: {e}'))
    return page


def violations(page, exclude=(), rules=None):
    "What axe finds that keeps people from using a page, but for the elements with these selectors; by some rules alone"
    if not page.evaluate('"axe" in window'): page.evaluate(f'{AXE.read_text()}; 0')
    options = dict(resultTypes=['violations'], selectors=False) | (dict(runOnly=rules) if rules else {})
    return page.evaluate('([exclude, options]) => axe.run({exclude}, options).then(found => found.violations)',
                         [list(exclude), options])


nothing = '(?!)'


class Tabs:
    "Empty pages, which are watched while they are lent"
    def __init__(self, browser): self.browser, self.free = browser, {}

    def lend(self, may_load, size, theme='light', motion='no-preference', allowed=nothing, **options):
        """A page for `browser.new_context(**options)` that may load the addresses that match a pattern

        Complaints in which the pattern `allowed` is found are none."""
        free = self.free.setdefault(repr(options), [])
        page = free.pop() if free else self.new(options, free)
        page.may_load, page.allowed = re.compile(may_load), re.compile(allowed)
        page.complaints, page.loaded = [], []
        page.set_viewport_size(dict(width=size[0], height=size[1]))
        page.emulate_media(color_scheme=theme, reduced_motion=motion)
        return page

    def new(self, options, free):
        page = watched(self.browser.new_context(**options).new_page())
        page.home = free
        page.set_default_timeout(10_000)
        return page

    def take_back(self, page):
        "Empty a page: nothing stays, not even what it stored or the mouse; returns its complaints"
        try:
            page.evaluate('try { localStorage.clear(); sessionStorage.clear() } catch {}')  # hears what still comes
            complaints = page.complaints
            page.complaints = []
            page.mouse.up()
            page.mouse.move(-1, -1)
            page.goto('about:blank')
            page.home.append(page)
            return complaints
        except Exception as e:  # of whatever kind: this page is not lent again
            page.context.close()
            return [*page.complaints, f'the page hangs: {e}']
