"""Export songs: as sheets (ABC, MusicXML, SVG), MIDI and sound.

files      `exported` by format, and the sheets of a champion
abc        ABC text
musicxml   MusicXML
engraving  SVG, by verovio

score      staves, voices and bars of a song
rhythm     lengths as note values: ties, dots, tuplets, beams
spelling   letters and accidentals by the key
tempo      tempos in beats of the metre
"""

from evo.music.export.abc import abc_text
from evo.music.export.engraving import svg_text
from evo.music.export.files import FORMATS, exported, song_files
from evo.music.export.musicxml import musicxml_text

__all__ = ["FORMATS", "abc_text", "exported", "musicxml_text", "song_files", "svg_text"]
