import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.inbox import Inbox, segment_of

ONE = pa.table({"type": ["track"], "n": [1]})
TWO = pa.table({"type": ["track"], "n": [2]})


def test_segments_wait_in_order_of_arrival(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    segments = [inbox.append(ONE), inbox.append(TWO), inbox.append(ONE)]
    assert segments == sorted(segments)
    assert [path.stem for path in inbox.pending()] == segments
    assert [pq.read_table(path).to_pylist()[0]["n"] for path in inbox.pending()] == [1, 2, 1]


def test_a_new_inbox_is_empty(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    inbox.claim(1, [])
    assert (inbox.pending(), inbox.claimed(), inbox.held(1)) == ([], [], [])
    assert inbox.claimed() == []


def test_a_claim_stands_behind_those_there_are(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    first = inbox.append(ONE)
    inbox.claim(7, inbox.pending())
    second = inbox.append(TWO)
    inbox.claim(7, inbox.pending())
    later = inbox.append(ONE)
    # The settle is repeated after a crash: it sees what it saw before.
    assert [segment_of(path) for path in Inbox(tmp_path).held(7)] == [first, second]
    assert [path.stem for path in inbox.pending()] == [later]
    inbox.claim(10, inbox.pending())
    assert [segment_of(path) for path in inbox.held(10)] == [later]
    assert inbox.claimed() == [7, 10]
    inbox.discard(7)
    assert inbox.claimed() == [10]
    inbox.discard(7)
    assert not (tmp_path / "claimed" / "7").exists()


def test_several_tables_are_one_segment(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    segment = inbox.append(ONE, TWO, ONE)
    (group,) = inbox.pending()
    inbox.claim(1, [group])
    (held,) = inbox.held(1)
    assert segment_of(held) == segment
    assert [pq.read_table(path).to_pylist()[0]["n"] for path in sorted(held.iterdir())] == [1, 2, 1]
    assert not group.exists()
    inbox.discard(1)
    assert inbox.claimed() == []


def test_a_half_written_segment_is_not_pending(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    segment = inbox.append(ONE)
    (tmp_path / "incoming" / f".{segment}.parquet.1.tmp").write_bytes(b"PAR1")
    assert [path.stem for path in inbox.pending()] == [segment]


def test_receipts_are_read_back_and_pruned_by_age(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    assert inbox.read_receipt("a") is None
    inbox.write_receipt("a", {"accepted": 1, "duplicates": 0})
    inbox.write_receipt("b", {"accepted": 2})
    os.utime(tmp_path / "receipts" / "a.json", (1_000, 1_000))
    os.utime(tmp_path / "receipts" / "b.json", (2_000, 2_000))
    assert inbox.read_receipt("a") == {"accepted": 1, "duplicates": 0}
    assert inbox.prune_receipts(500, 2_000.0) == 1
    assert inbox.read_receipt("a") is None
    assert inbox.read_receipt("b") == {"accepted": 2}
