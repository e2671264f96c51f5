"""The embedded public-domain tunes: `tunes.abc`, read by `evo.music.tunes`."""
