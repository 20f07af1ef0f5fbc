from __future__ import annotations

from underglass.views.table import Table

TABLE = Table("Sizes <1>", ("letter", "bytes"), (("`B`", "1"), ("`L`", "4, and `x < y`")))


def test_text_has_columns_of_even_width() -> None:
    assert repr(TABLE).splitlines() == ["Sizes <1>", "letter  bytes", "B       1", "L       4, and x < y"]


def test_html_is_escaped_and_has_heads() -> None:
    page = TABLE._repr_html_()
    assert "<caption>Sizes &lt;1&gt;</caption>" in page
    assert '<th scope="row"><code>B</code></th><td>1</td>' in page
    assert "<code>x &lt; y</code>" in page
    assert page.count('<th scope="col">') == 2
