"""Engrave a song as SVG, by verovio (https://www.verovio.org), which reads MusicXML."""

from __future__ import annotations

import importlib.util

from evo.core.errors import InputError
from evo.music.export.musicxml import musicxml_text
from evo.music.song import Song

_OPTIONS = {
    "pageWidth": 2100,  # tenths of a millimetre
    "pageHeight": 60_000,  # the highest that verovio allows: one page
    "adjustPageHeight": True,
    "scale": 40,
    "header": "auto",
    "footer": "none",
    "breaks": "auto",
    "svgViewBox": True,
    "xmlIdSeed": 1,  # the same text for the same song
}


def svg_text(song: Song) -> str:
    """Return the engraved sheet of a song as one SVG.

    Raises:
        InputError: if verovio is not installed, or the music cannot be written.
    """
    if importlib.util.find_spec("verovio") is None:
        raise InputError(
            "sheets are engraved by verovio, which is not installed. "
            "Run: pip install 'kuznechik[score]'"
        )
    import verovio

    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS)
    if not toolkit.loadData(musicxml_text(song)):
        raise InputError(f"{song.name}: verovio cannot engrave it")
    if toolkit.getPageCount() > 1:
        raise InputError(f"{song.name}: too long for one SVG; export musicxml instead")
    return str(toolkit.renderToSVG(1))
