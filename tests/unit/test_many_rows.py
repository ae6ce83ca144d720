"""One statement of many rows."""

from bridge.store.session import MAX_ROWS, ManyRows

INSERT = ManyRows("INSERT INTO t VALUES", columns=2, then="RETURNING id")


def test_rows_are_cut_into_statements_of_few_different_lengths() -> None:
    rows = [(number, -number) for number in range(2 * MAX_ROWS + 11)]
    parts = list(INSERT.parts(rows, "?"))
    assert [len(flat) // 2 for _, flat in parts] == [MAX_ROWS, MAX_ROWS, 8, 2, 1]
    assert [value for _, flat in parts for value in flat] == [value for row in rows for value in row]


def test_a_statement_is_written_with_the_marks_of_its_database() -> None:
    assert list(INSERT.parts([(1, 2), (3, 4)], "%s")) == [
        ("INSERT INTO t VALUES (%s, %s), (%s, %s) RETURNING id", [1, 2, 3, 4])
    ]
    assert list(INSERT.parts([], "?")) == []
