"""Songs: read, written, measured, screened and sounded.

song         a piano roll with its resolution and tempo
midi         MIDI files
abc          tunes in ABC notation
tunes        the embedded tunes
library      what a user names as music: a tune, a file, a folder
melody       a song as its line of highest notes, its tokens and its key
synth        sound
text_roll    a roll as text
repetition   where a song repeats itself
measures     descriptive measures
screening    which files are fit to learn from
files        what goes wrong with a user's files, said in one line
tables       tables and lines of the reports
"""
