"""docs/devices.md quotes device/examples/: what stands there is what is compiled."""
import pathlib
import re
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'devices.md'
EXAMPLES = ROOT / 'device' / 'examples'


def quotes():
    """Pieces between `// quote: NAME` and `// end`, of each example."""
    found = []
    for path in sorted(EXAMPLES.glob('*/*.c')):
        for name, piece in re.findall(r'^ *// quote: (\w+)\n(.*?)^ *// end$', path.read_text(), re.M | re.S):
            found.append((f'{path.stem} {name}', textwrap.dedent(piece).strip()))
    return found


def test_there_are_quotes():
    assert len(quotes()) >= 5


def test_the_page_has_each_as_it_is_compiled():
    blocks = [block.strip() for block in re.findall(r'^```c\n(.*?)^```$', PAGE.read_text(), re.M | re.S)]
    assert blocks == [piece for name, piece in sorted(quotes(), key=lambda one: ORDER.index(one[0]))]


ORDER = ['manifest device', 'manifest judge', 'loader board', 'loader layout', 'loader start']
