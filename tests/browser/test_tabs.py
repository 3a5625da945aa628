"Pages that are watched: what goes wrong on one is noted"
import pytest

complain = "console.error('oh'); setTimeout(() => { throw Error('no') })"


@pytest.mark.parametrize('allowed, noted', [
    (None, ['console: oh', 'error: no']), ('oh', ['error: no']), ('oh|no', [])])
def test_what_goes_wrong_on_a_page_is_noted_unless_it_is_allowed(tabs, allowed, noted):
    page = tabs.lend('', (400, 400), **(dict(allowed=allowed) if allowed else {}))
    page.evaluate(complain)
    page.evaluate('new Promise(done => setTimeout(done))')
    assert tabs.take_back(page) == noted


def test_what_may_not_be_loaded_is_noted(tabs):
    page = tabs.lend('data:', (400, 400))
    page.evaluate("Promise.all(['data:,x', 'http://127.0.0.1:9/'].map(url => fetch(url).catch(() => 0)))")
    assert [c for c in tabs.take_back(page) if c.startswith('loads')] == ['loads http://127.0.0.1:9/']
