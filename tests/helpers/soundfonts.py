"""A SoundFont of one instrument: a sine, as program 0 of bank 0."""

import struct

import numpy as np


def soundfont() -> bytes:
    """Return the content of a .sf2 file."""
    rate, cycle = 44_100, 100  # a sine of 441 Hz, MIDI note 69
    sine = np.sin(2 * np.pi * np.arange(cycle * 40) / cycle) * 20_000
    samples = np.concatenate([sine, np.zeros(46)]).astype("<i2").tobytes()
    info = _chunk(b"ifil", struct.pack("<HH", 2, 1)) + _chunk(b"isng", b"EMU8000\0")
    info += _chunk(b"INAM", b"Sine\0\0")
    end = len(sine)

    def generators(*pairs: tuple[int, int]) -> bytes:
        return b"".join(struct.pack("<Hh", *pair) for pair in pairs)

    def name(text: str) -> bytes:
        return text.encode().ljust(20, b"\0")

    presets = name("Sine") + struct.pack("<HHHIII", 0, 0, 0, 0, 0, 0)
    presets += name("EOP") + struct.pack("<HHHIII", 0, 0, 1, 0, 0, 0)
    instruments = name("Sine") + struct.pack("<H", 0) + name("EOI") + struct.pack("<H", 1)
    sample = name("Sine") + struct.pack("<IIIIIBbHH", 0, end, cycle, end - cycle, rate, 69, 0, 0, 1)
    sample += name("EOS") + struct.pack("<IIIIIBbHH", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    data = {
        b"phdr": presets,
        b"pbag": struct.pack("<HHHH", 0, 0, 1, 0),
        b"pmod": bytes(10),
        b"pgen": generators((41, 0), (0, 0)),  # the instrument
        b"inst": instruments,
        b"ibag": struct.pack("<HHHH", 0, 0, 2, 0),
        b"imod": bytes(10),
        b"igen": generators((54, 1), (53, 0), (0, 0)),  # looped; the sample
        b"shdr": sample,
    }
    body = b"sfbk" + _list(b"INFO", info) + _list(b"sdta", _chunk(b"smpl", samples))
    body += _list(b"pdta", b"".join(_chunk(key, content) for key, content in data.items()))
    return _chunk(b"RIFF", body)


def _chunk(key: bytes, content: bytes) -> bytes:
    return key + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)
