"""One HTML file of one run or several: to see, to hear, and to send to someone.

collect, several   read the runs into the data of a report
music, gallery     what the champion plays; the pieces of a composing run
rolls, charts      piano rolls, and lines over generations, as paths of SVG
drawing            networks, formulas, sheets and figures
sound, ogg         compressed sounds, with the same bytes for the same song
data               the content of a report: plain immutable classes
page               render it by the templates in `templates`
writing            write it to a file, also at the end of a run
watching, server   the same page while runs go on
"""

from evo.analysis.report.writing import report_bytes, write_at_end, write_report

__all__ = ["report_bytes", "write_at_end", "write_report"]
