"""What a file is, is found out from its bytes; what it is said to be must be that."""

import io
import zipfile

import pytest

from domain.files.errors import UnsupportedMediaType
from domain.files.media_type import HEAD, OFFICE, TAKEN, Sniffer

DOCX, XLSX, PPTX = OFFICE.values()


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, "<x/>" * 500)
    return made.getvalue()


KINDS = {
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "image/gif": b"GIF89a\x01\0\x01\0",
    "image/webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "application/zip": archive("a.txt"),
    "application/gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    "video/mp4": b"\0\0\0\x20ftypisom\0\0\x02\0",
    "video/webm": b"\x1a\x45\xdf\xa3\x01\0\0",
    "audio/mpeg": b"ID3\x04\0\0\0\0\0\0",
    "text/plain": "It hums – a little.\n".encode(),
    "text/csv": b"name,size\r\nfan,12\r\n",
    "text/markdown": b"# Fans\n\n* one\n",
    "application/json": b' {"fans": 12}',
    DOCX: archive("[Content_Types].xml", "word/document.xml"),
    XLSX: archive("[Content_Types].xml", "xl/workbook.xml"),
    PPTX: archive("[Content_Types].xml", "ppt/presentation.xml"),
}


def sniffed(content: bytes, declared: str = "", name: str = "file", piece: int = 64 * 1024) -> str:
    sniffer = Sniffer()
    for place in range(0, len(content), piece):
        sniffer.feed(content[place : place + piece])
    return sniffer.media_type(declared, name)


def test_the_table_knows_every_kind_that_is_taken():
    assert set(KINDS) == TAKEN


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece", [1, 7, HEAD, 64 * 1024])
def test_every_kind_is_taken_for_what_it_is_in_whatever_pieces_it_comes(kind, piece):
    assert sniffed(KINDS[kind], kind, piece=piece) == kind
    assert sniffed(KINDS[kind], f"{kind.upper()}; charset=utf-8", piece=piece) == kind


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_taken_for_what_it_is_not(kind):
    texts = {"text/plain", "text/csv", "text/markdown"}
    for other in TAKEN - {kind}:
        if {kind, other} <= texts | {"application/json"} and other != "application/json":
            continue  # Of text only its author knows which kind it is.
        if kind in OFFICE.values() and other == "application/zip":
            continue  # A document is an archive, too.
        with pytest.raises(UnsupportedMediaType):
            sniffed(KINDS[kind], other)


def test_without_a_word_the_bytes_say_what_it_is():
    for kind, content in KINDS.items():
        for unsaid in ("", "application/octet-stream"):
            assert sniffed(content, unsaid) == ("text/plain" if kind.startswith("text/") or kind == "application/json" else kind)


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"<!doctype HTML><p>", "text/plain"),
        (b"\xef\xbb\xbf \n<html><body>", "text/plain"),
        (b"<script>alert(1)</script>", "text/markdown"),
        (b"<svg onload=alert(1)>", "image/svg+xml"),
        (b'<?xml version="1.0"?><svg>', "text/plain"),
        (b"MZ\x90\0\x03\0\0\0", "application/octet-stream"),
        (b"\x7fELF\x02\x01\x01\0", "application/octet-stream"),
        (b"\x7fELF\x02\x01\x01\0", "text/plain"),
        (b"text with \0 in it", "text/plain"),
        (b"caf\xe9", "text/plain"),
        (b"half a sign \xe2\x82", "text/plain"),
        (b"\xff\xfeu\0t\0f\0", "text/csv"),
        (b"not json", "application/json"),
        (archive("word/document.xml", "word/vbaProject.bin"), DOCX),
        (archive("word/document.xml"), XLSX),
        (b"\0\0\0\x20ftypheic", "video/mp4"),
        (b"", "image/png"),
        (b"RIFF\0\0\0\0WAVEfmt ", "image/webp"),
        (b"anything", "application/x-msdownload"),
    ],
)
def test_what_could_run_or_pretends_is_refused(content, declared):
    with pytest.raises(UnsupportedMediaType):
        sniffed(content, declared)


@pytest.mark.parametrize("name", ["page.html", "PAGE.HTM", "icon.svg", "setup.exe", "run.BAT", "a.txt.lnk"])
def test_a_name_that_makes_a_program_of_it_is_refused_whatever_is_in_it(name):
    with pytest.raises(UnsupportedMediaType):
        sniffed(b"hello", "text/plain", name)


def test_other_words_for_the_same_kind_are_understood():
    assert sniffed(KINDS["image/jpeg"], "image/jpg") == "image/jpeg"
    assert sniffed(KINDS["application/zip"], "application/x-zip-compressed") == "application/zip"


def test_an_empty_text_is_a_text():
    assert sniffed(b"", "text/plain") == "text/plain"
