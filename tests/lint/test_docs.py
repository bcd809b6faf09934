"""What the pages say is there: every test and path that they name, every link, and the room table."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted(path.relative_to(ROOT) for path in [ROOT / 'README.md', *(ROOT / 'docs').rglob('*.md')])
FOLDERS = ('bench', 'cli', 'device', 'docs', 'fuzz', 'packaging', 'script', 'src', 'tests', 'wire')
CASE = re.compile(r'`([\w./-]*)::(\w+)`')
PATH = re.compile(r'`((?:%s)/[\w./*-]+)' % '|'.join(FOLDERS))
LINK = re.compile(r'\]\(([^)\s]+)\)')
FENCE = re.compile(r'^```.*?^```', re.MULTILINE | re.DOTALL)


def text_of(page):
    return FENCE.sub('', (ROOT / page).read_text())


def cases_of(page):
    """(file, case) of every `file::case`; `::case` is in the file before it."""
    file = ''
    for named, case in CASE.findall(text_of(page)):
        file = named or file
        yield file, case


def has_case(file, case):
    """A test of pytest, or a function that the table of its cmocka program names again."""
    source = (ROOT / file).read_text()
    if file.endswith('.py'):
        return re.search(rf'^def {case}\(', source, re.MULTILINE) is not None
    return (re.search(rf'^static void {case}\(void \*\*', source, re.MULTILINE) is not None
            and len(re.findall(rf'\b{case}\b', source)) > 1)


@pytest.mark.parametrize('page', PAGES, ids=str)
def test_every_test_that_a_page_names_exists(page):
    missing = [f'{file}::{case}' for file, case in cases_of(page)
               if not (ROOT / file).is_file() or not has_case(file, case)]
    assert missing == []


@pytest.mark.parametrize('page', PAGES, ids=str)
def test_every_path_that_a_page_names_exists(page):
    named = set(PATH.findall(text_of(page)))
    assert sorted(path for path in named if not any(ROOT.glob(path.rstrip('/')))) == []


@pytest.mark.parametrize('page', PAGES, ids=str)
def test_no_link_is_dead(page):
    targets = [link.split('#')[0] for link in LINK.findall(text_of(page)) if '://' not in link]
    assert [target for target in targets if target and not (ROOT / page).parent.joinpath(target).exists()] == []


def heading(line):
    """The anchor that a heading gets."""
    return re.sub(r'[^\w -]', '', line.lstrip('#').strip().lower()).replace(' ', '-')


@pytest.mark.parametrize('page', PAGES, ids=str)
def test_every_anchor_of_a_link_is_a_heading(page):
    for link in LINK.findall(text_of(page)):
        target, _, anchor = link.partition('#')
        if '://' in link or not anchor:
            continue
        other = (ROOT / page).parent / target if target else ROOT / page
        headings = [heading(line) for line in other.read_text().splitlines() if line.startswith('#')]
        assert anchor in headings, link


def rooms_of_build():
    source = (ROOT / 'meson.build').read_text()
    table = re.search(r'^rooms = \{(.*?)^\}', source, re.MULTILINE | re.DOTALL).group(1)
    rows = re.findall(r"'(\w+)': \[\s*'([\w/]+)',\s*\[([^]]*)\]", table)
    return {name: (folder, re.findall(r"'(\w+)'", used)) for name, folder, used in rows}


def rooms_of_page():
    page = (ROOT / 'docs/architecture.md').read_text()
    rows = re.findall(r'^\| (\w+) \| `([\w/]+)` \| ([\w ]+)', page, re.MULTILINE)
    return {name: (folder, [] if used.startswith('nothing') else used.split())
            for name, folder, used in rows}


def test_the_room_table_is_that_of_the_build():
    assert len(rooms_of_build()) > 15
    assert rooms_of_page() == rooms_of_build()


def test_decisions_are_pages_of_under_forty_lines():
    pages = list((ROOT / 'docs/decisions').glob('*.md'))
    assert [path.name for path in pages if len(path.read_text().splitlines()) >= 40] == []


def test_no_page_names_this_machine():
    done = subprocess.run(['git', 'grep', '-nE', r'(/work/|/home/|/root/)', '--', '*.md'], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    assert done.stdout == ''
