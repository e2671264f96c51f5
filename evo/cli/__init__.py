"""The command `evo`; `evo.cli.main` lists its commands.

main        the command itself, which imports the others when they are called
run         `evo run` and `evo resume`
batch       the same for several seeds
runs        `evo runs`: list runs
play        `evo play`: show and render a champion's music, or a song
improvise   new music of a champion, for `evo play`
export      `evo export`: a champion's music, or a song, as sheet, MIDI or sound
music       the stored music of a run's champion
plot        `evo plot`
compare     `evo compare`
songs       `evo songs`: embedded tunes, and checks of other songs
settings    `evo settings`
display     a run's progress: a bar on a terminal, plain lines elsewhere
errors      one line per error, and exit codes
output      standard streams that accept everything printed
"""
