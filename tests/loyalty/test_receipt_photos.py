"""Photos are whole pictures, and hold nothing of where, when and with what they were taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loyalty.pictures import EXIF, exif, jpeg, png, webp

from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.receipts import photos
from wotu.loyalty.receipts.pictures.orientation import exif_of, orientation_of

XMP = b"http://ns.adobe.com/xap/1.0/\x00<x>31.2304</x>"
SECRETS = (b"GPS", b"Moto", b"31.2304", b"a film", b"secret")
PLAIN = {"image/jpeg": jpeg(), "image/png": png("receipt"), "image/webp": webp()}
# What phones and programs write, and what is left of it: which side is up.
TOLD = [
    (jpeg((0xE1, EXIF + exif(1)), (0xE1, XMP), (0xFE, b"secret"), (0xED, b"secret"), after=b"a film"), jpeg()),
    (jpeg((0xE1, EXIF + exif(6))), None),
    (jpeg((0xE1, EXIF + exif(8, ">")), (0xE2, b"MPF\x00 secret")), None),
    (png("receipt", (b"tEXt", b"Comment\x00secret"), (b"iTXt", XMP), (b"tIME", b"secret!"), after=b"a film"),
     png("receipt")),
    (png("receipt", (b"eXIf", exif(3))), png("receipt", (b"eXIf", exif_of(3)))),
    (webp((b"EXIF", exif(1)), (b"XMP ", XMP), flags=0x0C, after=b"a film"), webp(flags=0)),
    (webp((b"EXIF", EXIF + exif(6)), flags=0x08), webp((b"EXIF", exif_of(6)), flags=0x08)),
    (webp((b"EXIF", exif(6))), webp()),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "kept"), TOLD)
def test_what_a_camera_writes_is_taken_out_and_the_picture_stays(sent: bytes, kept: bytes | None) -> None:
    _kind, found = photos.cleaned(sent)
    assert [secret for secret in SECRETS if secret in found] == []
    assert kept is None or found == kept
    assert photos.cleaned(found)[1] == found, "what is clean stays as it is"


@pytest.mark.parametrize(("orientation", "order"), [(3, "<"), (6, ">"), (8, "<")])
def test_a_photo_that_was_turned_is_still_turned(orientation: int, order: str) -> None:
    found = photos.cleaned(jpeg((0xE1, EXIF + exif(orientation, order))))[1]
    assert found == jpeg()[:2] + b"\xff\xe1\x00\x22" + EXIF + exif_of(orientation) + jpeg()[2:]
    assert orientation_of(found[6:40]) == orientation


def test_two_files_of_one_picture_are_the_same_photo() -> None:
    found = {photos.digest(photos.cleaned(each)[1]) for each in (jpeg(), jpeg((0xFE, b"one")), jpeg(after=b"two"))}
    assert len(found) == 1


@pytest.mark.parametrize("kind", PLAIN)
def test_a_photo_is_known_by_its_bytes_alone(kind: str) -> None:
    assert photos.cleaned(PLAIN[kind]) == (kind, PLAIN[kind])
    for most in range(len(PLAIN[kind])):
        _refused(PLAIN[kind][:most])


@pytest.mark.parametrize(
    "wrong",
    [b"", b"<html>", b"GIF89a", b"%PDF-1.7", b"\xff\xd8", b"<svg xmlns=''>", b"RIFF\x01\x00\x00\x00WAVE",
     b"\xff\xd8\xff<script>", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", jpeg()[:-2], png()[:-12], png()[:33],
     png("x", (b"NEWS", b"of a later PNG")), png()[:16] + b"\xff\xff\xff\x7f" + png()[20:], png()[:-1] + b"x",
     jpeg().replace(b"\x08\x00\x02\x00\x04", b"\x08\x00\x00\x00\x04"),
     jpeg().replace(b"\x08\x00\x02\x00\x04", b"\x08\xff\xff\xff\xff"),
     webp((b"ANMF", b"")).replace(b"VP8 ", b"junk")],
)  # fmt: skip
def test_what_is_no_picture_is_refused(wrong: bytes) -> None:
    _refused(wrong)


def test_a_photo_has_five_megabytes() -> None:
    assert photos.cleaned(png(after=bytes(photos.MOST_BYTES - len(png()))))[1] == png()
    with pytest.raises(WotuError) as refused:
        photos.cleaned(png(after=bytes(photos.MOST_BYTES - len(png()) + 1)))
    assert (refused.value.code, refused.value.field) == (ErrorCode.TOO_LARGE, "photo")


@given(st.sampled_from([sent for sent, _ in TOLD]), st.integers(0, 400), st.binary(max_size=6))
def test_whatever_is_broken_in_it_it_is_a_picture_or_refused(sent: bytes, place: int, others: bytes) -> None:
    broken = sent[:place] + others + sent[place + len(others) :]
    found = _cleaned(broken)
    assert found == (ErrorCode.INVALID_ARGUMENT, "photo") or found == _cleaned(found)


@given(st.binary(max_size=200))
def test_exif_data_that_cannot_be_read_name_no_side(junk: bytes) -> None:
    assert 1 <= orientation_of(b"II*\x00" + junk) <= 8
    assert all(orientation_of(exif_of(each)) == each for each in range(1, 9))


def _cleaned(content: object) -> object:
    """The picture without what is told in it, or why it is none."""
    assert isinstance(content, bytes)
    try:
        return photos.cleaned(content)[1]
    except WotuError as error:
        return error.code, error.field


def _refused(wrong: bytes) -> None:
    with pytest.raises(WotuError) as refused:
        photos.cleaned(wrong)
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID_ARGUMENT, "photo")
