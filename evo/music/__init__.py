"""Read, write, measure, screen and synthesise songs.

song         a piano roll with its resolution and tempo
midi         MIDI files
abc          tunes in ABC notation
tunes        the embedded tunes
song_finder  music by name: a tune, a file or a folder
melody       the line of highest notes, its tokens and its key
sound        a piano, SoundFonts, files of sound
text_roll    a roll as text
repetition   the distances at which a song repeats itself
measures     descriptive measures
screening    selection of files that are fit to learn from
tables       tables and lines of the reports
"""
