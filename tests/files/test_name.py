"""Whatever a client calls a file, it is kept under a plain name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.files.name import HARMFUL, plain


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("fan.png", "fan.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\fan.png", "fan.png"),
        ("..", "file"),
        ("", "file"),
        (".bashrc", "bashrc"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("nul\0.txt", "nul.txt"),
        ("fan\u202egnp.exe", "fangnp.exe"),
        ("  two   words .txt. ", "two words .txt"),
        ("Gro\u0308\u00dfe.txt", "Größe.txt"),
        ("\ud800.txt", "txt"),
        ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("ü" * 200 + ".png", "ü" * 125 + ".png"),
        ("x" * 300, "x" * 255),
    ],
)
def test_hostile_names_become_plain_ones(sent, kept):
    assert plain(sent) == kept


@given(st.text(alphabet=st.characters(codec=None), max_size=400))
def test_no_name_does_harm(name):
    kept = plain(name)
    assert 0 < len(kept.encode()) <= 255
    assert not set("/\\") & set(kept)
    assert kept not in {".", ".."}
    assert not kept.startswith((".", " "))
    assert not {unicodedata.category(sign) for sign in kept} & HARMFUL
    assert plain(kept) == kept
